//! The web console of a serial device server: MoxaHttp, a page for the password, and frames with the
//! settings. The forms of the frames, of the overview and of the login follow what scanners of such
//! devices look for; nothing can be set.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use md5::{Digest, Md5};
use serde::Deserialize;

use super::engine::{Application, Ask, BadBody, Form, Product, Reading, Refused, Reply, lines};
use super::form::Fields;
use super::head::Framing;
use super::uri::split_target;
use crate::decoys::Making;
use crate::event::observation::AuthMethod;
use crate::event::{Observation, Tainted};
use crate::persona::{Fault, Protocol, Service, device};
use crate::session::Session;

/// Longest head: the device has some KiB of memory for it.
const MAX_HEAD: usize = 4 << 10;

/// Most bytes of a form.
const BODY: usize = 2 << 10;

/// Whose password it asks for.
const ACCOUNT: &str = "admin";

/// Where the intruder's overlay says when he was seen last behind the password: the device knows a
/// visitor by his address.
const LOGIN: &str = "nport:login";

/// Seconds without a request after which the password is asked for again.
const IDLE: i64 = 300;

/// The product.
static MOXA: Product = Product {
    read,
    head,
    keeps: |_| false,
    head_wait: Duration::from_secs(30),
    idle_wait: Duration::from_secs(30),
    body_wait: Duration::from_secs(30),
    chunks: false,
    continues: false,
    bad_body: |fault| match fault {
        BadBody::Chunk => Reply::new(400),
        BadBody::TooLarge => Reply::new(413),
    },
};

/// What the device's other console says of it, too.
#[derive(Debug, Deserialize)]
struct Model {
    model: String,
    firmware: String,
    serial_port: u16,
}

struct Console {
    model: Model,
    name: String,
    address: String,
    mac: String,
    serial: String,
}

/// Makes it; model and firmware are those of the host's console over telnet.
///
/// # Errors
/// A located [`Fault`] when the host has no such console.
pub(crate) fn application(making: &Making, service: &Service) -> Result<Arc<dyn Application>, Fault> {
    let host = &making.host;
    let console = host.services.iter().find(|other| other.protocol == Protocol::Telnet);
    let model = console.and_then(|console| toml::from_str::<Model>(&console.behaviour.text).ok());
    let file = &service.behaviour.file;
    let fault =
        || Fault::of_file(file, "face = \"nport\": expected a telnet console with its model".to_owned());
    Ok(Arc::new(Console {
        model: model.ok_or_else(fault)?,
        name: host.hostname.clone(),
        address: host.address.to_string(),
        mac: device::mac(host),
        serial: device::serial(&making.pack.installation, host),
    }))
}

fn read(input: &[u8], _: Timestamp) -> Reading {
    let end = input.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
    let Some(length) = end.filter(|length| *length <= MAX_HEAD) else {
        return if input.len() > MAX_HEAD { refused("head size") } else { Reading::More };
    };
    let raw = input.get(..length).unwrap_or_default();
    let parts = lines::request_line(raw);
    let version = parts.as_ref().and_then(|parts| lines::version(raw.get(parts.version.clone())?));
    let headers = parts.as_ref().and_then(|parts| lines::headers(raw, parts.headers, true, lines::is_token));
    let (Some(parts), Some(version), Some(headers)) = (parts, version, headers) else {
        return refused("request");
    };
    let mut head = lines::joined(raw, parts, version, headers);
    if let Some(text) = head.header("Content-Length") {
        match lines::decimal(text) {
            Some(0) => {}
            Some(length) => head.framing = Framing::Length(length),
            None => return refused("length"),
        }
    }
    Reading::Head(Box::new(head), length)
}

fn refused(rule: &'static str) -> Reading {
    let answer =
        Bytes::from_static(b"HTTP/1.1 400 Bad Request\r\nServer: MoxaHttp/1.0\r\nContent-Length: 0\r\n\r\n");
    Reading::Refused(Refused { rule, answer, reset: false })
}

fn head(reply: &Reply, form: &Form<'_>) -> String {
    let reason = match reply.code {
        200 => "OK",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Request Entity Too Large",
        _ => "Bad Request",
    };
    let mut out = format!("HTTP/1.1 {} {reason}\r\nServer: MoxaHttp/1.0\r\n", reply.code);
    for (name, value) in &reply.headers {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    out.push_str(&format!("Content-Length: {}\r\n\r\n", form.length.unwrap_or(0)));
    out
}

impl Application for Console {
    fn product(&self) -> &'static Product {
        &MOXA
    }

    fn body_limit(&self) -> usize {
        BODY
    }

    fn answer(&self, ask: &Ask<'_>) -> Reply {
        let (path, query) = split_target(ask.head.target());
        let path = String::from_utf8_lossy(path).to_lowercase();
        let fields = Fields::parse(if ask.head.method() == b"POST" { ask.body } else { query });
        if !matches!(ask.head.method(), b"GET" | b"POST" | b"HEAD") {
            return Reply::new(405);
        }
        if path == "/home.htm" && !fields.text("Password").is_empty() {
            return self.login(ask, &fields);
        }
        if !is_in(ask.session) {
            return self.asked(ask, "");
        }
        see(ask.session);
        match path.as_str() {
            "/" | "/home.htm" => page(FRAMES),
            "/top.htm" => page(&format!(
                "<HTML><BODY bgcolor=#008080><FONT color=white><B>{}</B></FONT></BODY></HTML>",
                self.model.model
            )),
            "/contents.htm" => page(CONTENTS),
            "/main.htm" => self.overview(ask),
            "/basic.htm" => self.basic(ask),
            "/net.htm" => self.table(
                "Network Settings",
                &[
                    ("IP Address", &self.address),
                    ("Netmask", "255.255.255.0"),
                    ("Gateway", ""),
                    ("IP Configuration", "Static"),
                    ("SNMP", "Enable"),
                ],
            ),
            "/serial.htm" => self.table(
                "Serial Settings",
                &[
                    ("Baud Rate", "9600"),
                    ("Data Bits", "8"),
                    ("Stop Bits", "1"),
                    ("Parity", "None"),
                    ("Flow Control", "None"),
                    ("FIFO", "Enable"),
                    ("Interface", "RS-232"),
                ],
            ),
            "/op.htm" => {
                let port = self.model.serial_port.to_string();
                self.table(
                    "Operating Settings",
                    &[
                        ("Operation Mode", "TCP Server Mode"),
                        ("TCP Alive Check Time", "7"),
                        ("Inactivity Time", "0"),
                        ("Max Connection", "1"),
                        ("Local TCP Port", &port),
                        ("Command Port", "966"),
                    ],
                )
            }
            "/set.htm" => {
                let line = Tainted::from_bytes(ask.head.target());
                ask.session.emit(Observation::Command { line, exit: None });
                page("<HTML><BODY>Configuration is not changed.</BODY></HTML>")
            }
            _ => Reply::new(404).typed("text/html").with_body("<HTML><BODY>404 Not Found</BODY></HTML>"),
        }
    }
}

impl Console {
    /// The page for the password. The challenge is another one each time.
    fn asked(&self, ask: &Ask<'_>, said: &str) -> Reply {
        let digest = Md5::digest(format!("{}{}", self.serial, ask.now.as_nanosecond()));
        page(&format!(
            "<HTML><HEAD><TITLE>NPort Web Console</TITLE> <SCRIPT language=JavaScript>function set(n,v){{document.forms[0].elements[n].value=v;}}</SCRIPT></HEAD><BODY onload='set(\"FakeChallenge\",\"{}\");'><CENTER>{said}<FORM action=home.htm method=GET>Password : <INPUT type=password name=Password maxlength=16> <INPUT type=submit name=Submit value=Submit><INPUT type=hidden name=token_text value=\"\"><INPUT type=hidden name=FakeChallenge value=\"\"></FORM></CENTER></BODY></HTML>",
            hex::encode_upper(digest)
        ))
    }

    /// The password as typed, or as the console's script and the tools for such devices hide it.
    fn login(&self, ask: &Ask<'_>, fields: &Fields) -> Reply {
        let given = fields.text("Password");
        let tried = shown(given, fields.text("FakeChallenge")).unwrap_or_else(|| given.to_owned());
        let account = ask.session.host().accounts.iter().find(|account| account.name == ACCOUNT);
        let opened = account.filter(|account| {
            account.password == tried || hex::encode(Md5::digest(account.password.as_bytes())) == given
        });
        ask.session.emit(Observation::AuthAttempt {
            method: AuthMethod::Form,
            account: Tainted::new(ACCOUNT),
            secret: Some(Tainted::from_bytes(tried.as_bytes())),
            accepted: opened.is_some(),
        });
        let Some(account) = opened else { return self.asked(ask, "Password error !") };
        let how = "login to the web console of a serial device server".to_owned();
        ask.session.emit(Observation::LureTouched { lure: account.lure.clone(), how });
        see(ask.session);
        page(FRAMES)
    }

    fn overview(&self, ask: &Ask<'_>) -> Reply {
        let up = device::uptime(ask.session.pack(), ask.session.host(), ask.now);
        let rows = ["Model Name", "MAC Address", "Serial No.", "Firmware Version", "System Uptime"];
        let ids = ["modelname", "mac", "serialno", "ver", "sysup"];
        let rows: String = rows
            .iter()
            .zip(ids)
            .map(|(title, id)| format!("<TR><TD>{title}</TD><TD><span id={id}></span></TD></TR>"))
            .collect();
        page(&format!(
            "<HTML><HEAD> <LINK href=nport2g.css rel=stylesheet type=text/css><TITLE>Overview</TITLE></HEAD> <script>function set(n,v){{document.getElementById(n).innerHTML=v;}}function setlabel(v){{set(\"devlab1\",v);}}function uptime(v){{set(\"sysup\",v);}}function window_onload(){{set(\"modelname\", \"{}\");set(\"mac\", \"{}\");set(\"serialno\", \"{}\");set(\"ver\", \"{}\");setlabel(\"{}\");uptime(\"{up}\");}}</Script><BODY onload=window_onload()> <TABLE width=100% border=0 align=center><TR><TD><H2>Welcome to <span id=devlab1></span>'s web console !</H2></TD></TR>{rows}</TABLE></BODY></HTML>",
            self.model.model, self.mac, self.serial, self.model.firmware, self.name
        ))
    }

    fn basic(&self, ask: &Ask<'_>) -> Reply {
        let local = ask.session.world().at(ask.now).local(ask.now).strftime("%Y/%m/%d %H:%M:%S").to_string();
        let zone = "(GMT+08:00)Beijing, Chongqing, Hong Kong, Urumqi";
        self.table(
            "Basic Settings",
            &[
                ("Server Name", &self.name),
                ("Time Zone", zone),
                ("Local Time", &local),
                ("Web Console", "Enable"),
                ("Telnet Console", "Enable"),
            ],
        )
    }

    fn table(&self, title: &str, rows: &[(&str, &str)]) -> Reply {
        let rows: String = rows
            .iter()
            .map(|(name, value)| {
                format!("<TR><TD>{name}</TD><TD><INPUT name=\"{name}\" value=\"{value}\"></TD></TR>")
            })
            .collect();
        page(&format!(
            "<HTML><HEAD> <LINK href=nport2g.css rel=stylesheet type=text/css><TITLE>{title}</TITLE></HEAD><BODY><H2>{title}</H2><FORM action=Set.htm method=GET><TABLE>{rows}</TABLE><INPUT type=submit value=Submit></FORM></BODY></HTML>"
        ))
    }
}

const FRAMES: &str = "<HTML><HEAD><TITLE>NPort Web Console</TITLE></HEAD> <FRAMESET rows=57,1* frameborder=NO> <FRAME name=top scrolling=NO target=contents src=top.htm noresize> <FRAMESET cols=200,*> <FRAME name=contents target=main src=contents.htm> <FRAME name=main src=main.htm marginwidth=0 marginheight=0 scrolling=auto> </FRAMESET> <NOFRAMES><BODY background=bg.gif><P>This page uses frame, but your browser doesn't support.</P></BODY> </NOFRAMES> </FRAMESET></HTML>";

const CONTENTS: &str = "<HTML><BODY><A href=main.htm>Main Menu</A><BR><A href=Basic.htm>Basic Settings</A><BR><A href=Net.htm>Network Settings</A><BR><A href=Serial.htm>Serial Settings</A><BR><A href=Op.htm>Operating Settings</A></BODY></HTML>";

fn page(body: &str) -> Reply {
    Reply::new(200).typed("text/html").with_body(body.to_owned())
}

/// A password under the bytes of the challenge's MD5, as sixteen bytes in hexadecimal.
fn shown(given: &str, challenge: &str) -> Option<String> {
    let hidden = hex::decode(given).ok().filter(|bytes| bytes.len() == 16)?;
    let digest = Md5::digest(challenge.as_bytes());
    let plain: Vec<u8> = hidden.iter().zip(digest).map(|(byte, key)| byte ^ key).collect();
    let end = plain.iter().rposition(|byte| *byte != 0)? + 1;
    let plain = plain.get(..end)?;
    plain.iter().all(|byte| (0x20..0x7f).contains(byte)).then(|| String::from_utf8_lossy(plain).into_owned())
}

/// Whether the visitor gave the password not long ago.
fn is_in(session: &Session) -> bool {
    let kept = session.overlay().get(LOGIN).and_then(|bytes| String::from_utf8(bytes).ok());
    let last = kept.and_then(|text| text.parse::<i64>().ok());
    last.is_some_and(|last| (0..IDLE).contains(&(session.now().as_second() - last)))
}

fn see(session: &Session) {
    session.overlay().put(LOGIN.to_owned(), session.now().as_second().to_string().into_bytes());
}
