//! Credentials: connection files, scripts, exports, keys.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Way;
use crate::lure::token::{Tokens, text};

type Named = (&'static str, Vec<u8>);

pub(super) fn database(way: &Way<'_>, tokens: &Tokens) -> Named {
    let (address, port) = (way.host.address, way.port);
    let (account, password) = (&tokens.account, &tokens.password);
    let (name, text) = match way.service {
        "tds" => (
            "web.config",
            format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<configuration>\r\n  <connectionStrings>\r\n    \
                 <add name=\"HisConn\" connectionString=\"Data Source={address},{port};Initial Catalog=HIS;\
                 User ID={account};Password={password}\" providerName=\"System.Data.SqlClient\" />\r\n  \
                 </connectionStrings>\r\n</configuration>\r\n"
            ),
        ),
        "postgres" => ("pgpass.conf", format!("{address}:{port}:*:{account}:{password}\n")),
        "tns" => (
            "connect.sql",
            format!("set pagesize 5000\nconnect {account}/\"{password}\"@//{address}:{port}/orcl\n"),
        ),
        _ => (
            "application.properties",
            format!(
                "spring.datasource.driver-class-name=com.mysql.jdbc.Driver\n\
                 spring.datasource.url=jdbc:mysql://{address}:{port}/his?useSSL=false&characterEncoding=utf8\n\
                 spring.datasource.username={account}\nspring.datasource.password={password}\n"
            ),
        ),
    };
    (name, text.into_bytes())
}

pub(super) fn rdp(way: &Way<'_>, tokens: &Tokens) -> Named {
    let domain = if way.host.os.domain.is_empty() { &way.host.hostname } else { &way.host.os.domain };
    let text = format!(
        "screen mode id:i:2\r\nuse multimon:i:0\r\ndesktopwidth:i:1920\r\ndesktopheight:i:1080\r\n\
         session bpp:i:32\r\nfull address:s:{}\r\nprompt for credentials:i:0\r\n\
         authentication level:i:0\r\nusername:s:{domain}\\{}\r\n# {}\r\n",
        way.host.address, tokens.account, tokens.password
    );
    ("server.rdp", text.into_bytes())
}

pub(super) fn script(way: &Way<'_>, tokens: &Tokens) -> Named {
    let domain = if way.host.os.domain.is_empty() { &way.host.hostname } else { &way.host.os.domain };
    let text = format!(
        "@echo off\r\nrem nightly copy\r\nnet use Z: \\\\{}\\backup {} /user:{domain}\\{} /persistent:no\r\n\
         robocopy D:\\data Z:\\ /MIR /R:2 /W:5 /LOG:C:\\logs\\copy.log\r\nnet use Z: /delete /y\r\n",
        way.host.address, tokens.password, tokens.account
    );
    ("nightly.bat", text.into_bytes())
}

/// As Chrome exports passwords.
pub(super) fn browser(way: &Way<'_>, tokens: &Tokens) -> Named {
    let (account, password) = (&tokens.account, &tokens.password);
    let text = format!(
        "name,url,username,password,note\r\n{address},{url},{account},{password},\r\n\
         {address},{admin},{account},{password},\r\n",
        address = way.host.address,
        url = way.url("login"),
        admin = way.url(&format!("admin/{}", tokens.path)),
    );
    ("Chrome Passwords.csv", text.into_bytes())
}

/// `openssh-key-v1`, as PROTOCOL.key of OpenSSH describes it, without a passphrase.
pub(super) fn ssh_key(tokens: &Tokens) -> Named {
    let Some(key) = tokens.ssh() else { return ("id_ed25519", Vec::new()) };
    let check: &[u8] = key.check.get(..4).unwrap_or_default();
    let private = [key.seed.as_slice(), &key.public].concat();
    let comment = format!("{}@backup", tokens.account);
    let mut secret = [check, check, &key.blob(), &text(&private), &text(comment.as_bytes())].concat();
    for pad in 1_u8.. {
        if secret.len().is_multiple_of(8) {
            break;
        }
        secret.push(pad);
    }
    let whole = [
        b"openssh-key-v1\0".to_vec(),
        text(b"none"),
        text(b"none"),
        text(b""),
        1_u32.to_be_bytes().to_vec(),
        text(&key.blob()),
        text(&secret),
    ]
    .concat();
    let encoded = STANDARD.encode(whole);
    let mut pem = String::from("-----BEGIN OPENSSH PRIVATE KEY-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(70));
        pem.push_str(line);
        pem.push('\n');
        rest = more;
    }
    pem.push_str("-----END OPENSSH PRIVATE KEY-----\n");
    ("id_ed25519", pem.into_bytes())
}

/// As a management server of clusters hands it out: the cluster's id stands in the path.
pub(super) fn kubeconfig(way: &Way<'_>, tokens: &Tokens) -> Named {
    let server = way.url(&format!("k8s/clusters/c-{}", tokens.path));
    let text = format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: \"his-prod\"\n  cluster:\n    server: \"{server}\"\n    \
         insecure-skip-tls-verify: true\nusers:\n- name: \"his-prod\"\n  user:\n    \
         token: \"kubeconfig-user-{}:{}\"\ncontexts:\n- name: \"his-prod\"\n  context:\n    user: \"his-prod\"\n    \
         cluster: \"his-prod\"\ncurrent-context: \"his-prod\"\n",
        tokens.account, tokens.password
    );
    ("config", text.into_bytes())
}

pub(super) fn url(way: &Way<'_>, tokens: &Tokens) -> Named {
    let url = way.url(&format!("d/{}", tokens.path));
    ("link.url", format!("[InternetShortcut]\r\nURL={url}\r\n").into_bytes())
}
