//! The product's weak places. Each answers as if it gave way; nothing is run, nobody is called.

use std::time::Duration;

use super::rpc::{Asked, failed};
use super::{Call, Weakness, shells};
use crate::decoys::http::business::Sheet;
use crate::decoys::http::engine::Reply;
use crate::decoys::http::form::Fields;
use crate::decoys::http::tomcat::TomcatError;
use crate::event::observation::AuthMethod;
use crate::event::{Observation, Tainted};
use crate::persona::Protocol;

/// The longest that a statement may sleep: the pool's `removeAbandonedTimeout` ends it there.
const LONGEST_SLEEP: u64 = 30;
/// How long a naming service is waited for that nobody asked.
const NAMING: Duration = Duration::from_millis(3_120);

/// What lies beside the application: the manager, and a module at the root.
pub(super) fn outside(call: &Call<'_>, path: &str) -> Option<Reply> {
    if call.is_weak(Weakness::Manager)
        && (path == "/manager" || path.starts_with("/manager/") || path.starts_with("/host-manager/"))
    {
        return Some(manager(path));
    }
    (path == "/common/templateFile").then(|| template(call)).flatten()
}

/// What lies in the application.
pub(super) fn inside(call: &Call<'_>, below: &str) -> Option<Reply> {
    if below == "/common/templateFile" {
        return template(call);
    }
    if call.is_weak(Weakness::Fckeditor) && below.starts_with("/fckeditor/editor/filemanager/connectors/") {
        return Some(shells::connector(call));
    }
    if let Some(name) = below.strip_prefix("/userfiles/") {
        return shells::uploaded(call, name);
    }
    if call.is_weak(Weakness::Druid) && (below == "/druid" || below.starts_with("/druid/")) {
        return Some(druid(call, below));
    }
    None
}

/// The manager asks for a name and a password; whatever comes is wrong.
fn manager(path: &str) -> Reply {
    if path == "/manager" || path == "/manager/" {
        return Reply::new(302).with("Location", "/manager/html");
    }
    let body = "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\" \"http://www.w3.org/TR/html4/loose.dtd\">\n<html>\n <head>\n  <title>401 Unauthorized</title>\n  <style type=\"text/css\">\n    <!--\n    BODY {font-family:Tahoma,Arial,sans-serif;color:black;background-color:white;font-size:12px;}\n    H1 {font-family:Tahoma,Arial,sans-serif;color:white;background-color:#525D76;font-size:22px;}\n    PRE, TT {border: 1px dotted #525D76}\n    A {color : black;}A.name {color : black;}\n    -->\n  </style>\n </head>\n <body>\n   <h1>401 Unauthorized</h1>\n   <p>You are not authorized to view this page. See <tt>conf/tomcat-users.xml</tt> in your installation for the credentials of a user with the role <tt>manager-gui</tt>.</p>\n </body>\n\n</html>\n";
    Reply::new(401)
        .with("Cache-Control", "private")
        .with("Expires", "Thu, 01 Jan 1970 00:00:00 UTC")
        .with("WWW-Authenticate", "Basic realm=\"Tomcat Manager Application\"")
        .typed("text/html;charset=ISO-8859-1")
        .with_body(body)
}

/// A template by name, or what else the name leads to.
fn template(call: &Call<'_>) -> Option<Reply> {
    if !call.is_weak(Weakness::TemplateRead) {
        return None;
    }
    let name = call.query.text("template_name").replace('\\', "/");
    let place = name.trim_start_matches(['.', '/']).to_ascii_lowercase();
    let climbs = name.matches("..").count();
    let body = match place.as_str() {
        "web-inf/web.xml" => web_xml(call),
        "web-inf/classes/jdbc.properties" | "classes/jdbc.properties" => jdbc(call),
        "etc/passwd" if climbs > 3 => passwd(),
        _ => {
            let message = format!(
                "java.io.FileNotFoundException: /opt/phis/tomcat/webapps/phis/template/{} (No such file or directory)",
                call.query.text("template_name")
            );
            return Some(call.error(TomcatError::Internal, Some(&message)));
        }
    };
    let file = place.rsplit('/').next().unwrap_or_default().to_owned();
    Some(
        Reply::new(200)
            .with("Content-Disposition", format!("attachment;filename={file}"))
            .typed("application/octet-stream;charset=UTF-8")
            .with_body(body),
    )
}

/// Name and password that its files hold: the database's where the host has such an account.
fn credentials(call: &Call<'_>) -> (String, String) {
    let accounts = &call.ask.session.host().accounts;
    let database = accounts.iter().find(|account| !account.services.contains(&Protocol::Http));
    database.or(accounts.first()).map_or_else(Default::default, |a| (a.name.clone(), a.password.clone()))
}

fn web_xml(call: &Call<'_>) -> String {
    let (name, password) = credentials(call);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<web-app xmlns=\"http://java.sun.com/xml/ns/javaee\" version=\"3.0\">\n\t<display-name>phis</display-name>\n\t<context-param>\n\t\t<param-name>contextConfigLocation</param-name>\n\t\t<param-value>classpath:phis/spring/spring-*.xml</param-value>\n\t</context-param>\n\t<context-param>\n\t\t<param-name>jdbc.url</param-name>\n\t\t<param-value>jdbc:mysql://127.0.0.1:3306/phis?useUnicode=true&amp;characterEncoding=utf8</param-value>\n\t</context-param>\n\t<context-param>\n\t\t<param-name>jdbc.username</param-name>\n\t\t<param-value>{name}</param-value>\n\t</context-param>\n\t<context-param>\n\t\t<param-name>jdbc.password</param-name>\n\t\t<param-value>{password}</param-value>\n\t</context-param>\n\t<filter>\n\t\t<filter-name>shiroFilter</filter-name>\n\t\t<filter-class>org.springframework.web.filter.DelegatingFilterProxy</filter-class>\n\t</filter>\n\t<filter-mapping>\n\t\t<filter-name>shiroFilter</filter-name>\n\t\t<url-pattern>/*</url-pattern>\n\t</filter-mapping>\n\t<servlet>\n\t\t<servlet-name>jsonRequest</servlet-name>\n\t\t<servlet-class>phis.source.rpc.JsonRequestServlet</servlet-class>\n\t\t<load-on-startup>1</load-on-startup>\n\t</servlet>\n\t<servlet-mapping>\n\t\t<servlet-name>jsonRequest</servlet-name>\n\t\t<url-pattern>*.jsonRequest</url-pattern>\n\t</servlet-mapping>\n\t<servlet>\n\t\t<servlet-name>DruidStatView</servlet-name>\n\t\t<servlet-class>com.alibaba.druid.support.http.StatViewServlet</servlet-class>\n\t</servlet>\n\t<servlet-mapping>\n\t\t<servlet-name>DruidStatView</servlet-name>\n\t\t<url-pattern>/druid/*</url-pattern>\n\t</servlet-mapping>\n\t<welcome-file-list>\n\t\t<welcome-file>index.html</welcome-file>\n\t</welcome-file-list>\n</web-app>\n"
    )
}

fn jdbc(call: &Call<'_>) -> String {
    let (name, password) = credentials(call);
    format!(
        "jdbc.driverClassName=com.mysql.jdbc.Driver\r\njdbc.url=jdbc:mysql://127.0.0.1:3306/phis?useUnicode=true&characterEncoding=utf8&allowMultiQueries=true\r\njdbc.username={name}\r\njdbc.password={password}\r\njdbc.initialSize=10\r\njdbc.maxActive=200\r\njdbc.maxWait=60000\r\n"
    )
}

fn passwd() -> String {
    "root:x:0:0:root:/root:/bin/bash\nbin:x:1:1:bin:/bin:/sbin/nologin\ndaemon:x:2:2:daemon:/sbin:/sbin/nologin\nadm:x:3:4:adm:/var/adm:/sbin/nologin\nlp:x:4:7:lp:/var/spool/lpd:/sbin/nologin\nsync:x:5:0:sync:/sbin:/bin/sync\nmail:x:8:12:mail:/var/spool/mail:/sbin/nologin\nftp:x:14:50:FTP User:/var/ftp:/sbin/nologin\nnobody:x:99:99:Nobody:/:/sbin/nologin\ndbus:x:81:81:System message bus:/:/sbin/nologin\nsshd:x:74:74:Privilege-separated SSH:/var/empty/sshd:/sbin/nologin\nmysql:x:27:27:MySQL Server:/var/lib/mysql:/bin/false\ntomcat:x:1001:1001::/opt/phis/tomcat:/bin/bash\n".to_owned()
}

/// The pool's statistics: a login that nothing opens.
fn druid(call: &Call<'_>, below: &str) -> Reply {
    match below {
        "/druid/submitLogin" => {
            let form = Fields::parse(call.ask.body);
            call.ask.session.emit(Observation::AuthAttempt {
                method: AuthMethod::Form,
                account: Tainted::new(form.text("loginUsername")),
                secret: Some(Tainted::new(form.raw("loginPassword"))),
                accepted: false,
            });
            Reply::new(200).typed("text/html;charset=utf-8").with_body("error")
        }
        "/druid/login.html" => Reply::new(200).typed("text/html;charset=utf-8").with_body(
            "<!doctype html>\n<html>\n<head>\n<title>druid monitor</title>\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf8\" />\n<link href=\"css/bootstrap.min.css\" rel=\"stylesheet\" />\n</head>\n<body>\n<form id=\"loginForm\" action=\"submitLogin\" method=\"post\">\n<input type=\"text\" name=\"loginUsername\" /><input type=\"password\" name=\"loginPassword\" /><button type=\"button\" id=\"loginBtn\">Sign in</button>\n</form>\n</body>\n</html>\n",
        ),
        "/druid" => Reply::new(302).with("Location", format!("{}/druid/index.html", call.app.behaviour.context)),
        _ => Reply::new(302).with("Location", format!("{}/druid/login.html", call.app.behaviour.context)),
    }
}

/// JSON that names a class: the parser loads it, and fails when the naming service does not answer.
pub(super) fn typed(call: &Call<'_>) -> Option<Reply> {
    let body = call.ask.body;
    if !crate::decoys::http::uri::holds(body, b"@type") {
        return None;
    }
    call.ask.session.keep(Tainted::new("jsonRequest"), body);
    if !call.is_weak(Weakness::Fastjson) {
        return Some(failed(500, "autoType is not support."));
    }
    let naming = ["ldap:", "rmi:", "dns:"]
        .iter()
        .any(|scheme| crate::decoys::http::uri::holds(body, scheme.as_bytes()));
    let wait = if naming { NAMING } else { Duration::from_millis(40) };
    Some(failed(500, "set property error, autoCommit").after(call.ask.session.pace(wait)))
}

/// Search words that break out of the statement they are joined into. `None` where they don't.
pub(super) fn injected(call: &Call<'_>, sheet: &Sheet, asked: &Asked) -> Option<Reply> {
    let word = &asked.word;
    let lower = word.to_ascii_lowercase();
    let (_, after) = word.split_once('\'')?;
    let plain: String = lower.split_whitespace().collect();
    call.ask.session.keep(Tainted::new(sheet.method), call.ask.body);
    if let Some(seconds) = sleep(&plain) {
        let wait = Duration::from_secs(seconds.min(LONGEST_SLEEP));
        return Some(super::rpc::answered(serde_json::json!([]), Some(0)).after(wait));
    }
    let database = &call.app.behaviour.database;
    if plain.contains("extractvalue(") || plain.contains("updatexml(") {
        let shown = if plain.contains("database()") {
            "phis".to_owned()
        } else if plain.contains("user()") {
            format!("{}@localhost", credentials(call).0)
        } else {
            database.clone()
        };
        return Some(sql_error(&format!("XPATH syntax error: '~{shown}~'")));
    }
    if plain.contains("unionselect") || plain.contains("unionallselect") {
        return Some(sql_error("The used SELECT statements have a different number of columns"));
    }
    if plain.contains("'or'1'='1")
        || plain.contains("'or1=1")
        || plain.contains("'and'1'='1")
        || plain.contains("'and1=1")
    {
        let all = Asked::everything(asked, plain.contains("'or"));
        let found = super::rpc::find(call, sheet, &all);
        let rows = found.rows.iter().map(|row| super::rpc::object(sheet, row)).collect();
        return Some(call.paced(super::rpc::answered(serde_json::Value::Array(rows), Some(found.total))));
    }
    if plain.contains("'and'1'='2") || plain.contains("'and1=2") {
        return Some(call.paced(super::rpc::answered(serde_json::json!([]), Some(0))));
    }
    let near: String = after.chars().take(80).collect();
    Some(sql_error(&format!(
        "You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for the right syntax to use near '{near}%' ORDER BY 1 DESC LIMIT 0, 25' at line 1"
    )))
}

/// Seconds that a statement is told to sleep.
fn sleep(plain: &str) -> Option<u64> {
    let (_, rest) = plain.split_once("sleep(")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).take(4).collect();
    digits.parse().ok()
}

/// An error as the driver tells it and the product passes it on.
fn sql_error(message: &str) -> Reply {
    let full = format!(
        "com.mysql.jdbc.exceptions.jdbc4.MySQLSyntaxErrorException: {message}\n\tat phis.source.utils.BaseDAO.doSqlQuery(BaseDAO.java:412)\n\tat phis.source.rpc.JsonRequestServlet.doPost(JsonRequestServlet.java:118)"
    );
    failed(500, &full)
}
