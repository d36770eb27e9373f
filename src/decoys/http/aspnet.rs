//! What all ASP.NET applications on a Chinese Windows have in common: escapes, redirections, and the
//! error pages of their server.

use std::time::Duration;

use encoding_rs::GBK;
use rand::RngExt;

use super::engine::{Ask, Reply};
use crate::persona::Installation;

/// Text in a page.
pub(super) fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '&' => "&amp;".to_owned(),
            '"' => "&quot;".to_owned(),
            '\'' => "&#39;".to_owned(),
            c => c.to_string(),
        })
        .collect()
}

/// Whether a name ends the product's query with a condition that is always true.
pub(super) fn always_true(name: &str) -> bool {
    let text: String = name.to_ascii_lowercase().split_whitespace().collect::<Vec<_>>().join("");
    ["'or'1'='1", "'or1=1", "'or''='", "'or'a'='a"].iter().any(|condition| text.contains(condition))
}

/// State of an application's forms, the same for every visitor of an installation.
pub(super) fn view_state(installation: &Installation, application: &str) -> String {
    use base64::Engine;
    let state = ["a", "b"].map(|half| installation.derive(&format!("{application}/viewstate/{half}")));
    // The head of a serialised LosFormatter state is the same everywhere.
    format!("/wEPDwUK{}", base64::prelude::BASE64_STANDARD.encode(state.concat()))
}

/// A page after the time that its database takes, milliseconds at least and at most.
pub(super) fn paced(ask: &Ask<'_>, reply: Reply, [least, most]: [u64; 2]) -> Reply {
    let mut rng = ask.session.rng(&format!("http/pace/{}", ask.turn));
    let chosen = rng.random_range(least..=most.max(least));
    reply.after(ask.session.pace(Duration::from_millis(chosen)))
}

/// A redirection of ASP.NET.
pub(super) fn redirect(place: &str) -> Reply {
    let body = format!(
        "<html><head><title>Object moved</title></head><body>\r\n<h2>Object moved to <a href=\"{place}\">here</a>.</h2>\r\n</body></html>\r\n"
    );
    aspx(302).with("Location", place.to_owned()).with_body(body)
}

/// An answer of ASP.NET.
pub(super) fn aspx(code: u16) -> Reply {
    Reply::new(code)
        .with("Cache-Control", "private")
        .typed("text/html; charset=utf-8")
        .with("X-AspNet-Version", "4.0.30319")
}

/// The server's page for a file that is not there.
pub(super) fn not_found() -> Reply {
    let text = "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">\r\n<html xmlns=\"http://www.w3.org/1999/xhtml\">\r\n<head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=gb2312\"/>\r\n<title>404 - 找不到文件或目录。</title>\r\n<style type=\"text/css\">\r\n<!--\r\nbody{margin:0;font-size:.7em;font-family:Verdana, Arial, Helvetica, sans-serif;background:#EEEEEE;}\r\nfieldset{padding:0 15px 10px 15px;} \r\nh1{font-size:2.4em;margin:0;color:#FFF;}\r\nh2{font-size:1.7em;margin:0;color:#CC0000;} \r\nh3{font-size:1.2em;margin:10px 0 0 0;color:#000000;} \r\n#header{width:96%;margin:0 0 0 0;padding:6px 2% 6px 2%;font-family:\"trebuchet MS\", Verdana, sans-serif;color:#FFF;\r\nbackground-color:#555555;}\r\n#content{margin:0 0 0 2%;position:relative;}\r\n.content-container{background:#FFF;width:96%;margin-top:8px;padding:10px;position:relative;}\r\n-->\r\n</style>\r\n</head>\r\n<body>\r\n<div id=\"header\"><h1>服务器错误</h1></div>\r\n<div id=\"content\">\r\n <div class=\"content-container\"><fieldset>\r\n  <h2>404 - 找不到文件或目录。</h2>\r\n  <h3>您要查找的资源可能已被删除，已更改名称或者暂时不可用。</h3>\r\n </fieldset></div>\r\n</div>\r\n</body>\r\n</html>\r\n";
    Reply::new(404).typed("text/html").with_body(GBK.encode(text).0.into_owned())
}

/// ASP.NET's page for a page that is not there, to a visitor from elsewhere.
pub(super) fn no_resource(path: &str) -> Reply {
    let body = format!(
        "<!DOCTYPE html>\r\n<html>\r\n    <head>\r\n        <title>无法找到资源。</title>\r\n        <meta name=\"viewport\" content=\"width=device-width\" />\r\n    </head>\r\n    <body bgcolor=\"white\">\r\n            <span><H1>“/”应用程序中的服务器错误。<hr width=100% size=1 color=silver></H1>\r\n            <h2> <i>无法找到资源。</i> </h2></span>\r\n            <b> 说明: </b>HTTP 404。您正在查找的资源(或者它的一个依赖项)可能已被移除，或其名称已更改，或暂时不可用。请检查以下 URL 并确保其拼写正确。\r\n            <br><br>\r\n            <b> 请求的 URL: </b>{}<br><br>\r\n    </body>\r\n</html>\r\n",
        escaped(path)
    );
    aspx(404).with_body(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_that_are_always_true() {
        assert!(always_true("admin' or '1'='1' --+") && always_true("x' OR 1=1--"));
        assert!(!always_true("admin") && !always_true("o'neil"));
    }
}
