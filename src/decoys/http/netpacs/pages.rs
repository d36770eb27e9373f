//! Pages of the application, and the error pages of its server on a Chinese Windows.

use encoding_rs::GBK;

use super::{NetPacs, aspx};
use crate::decoys::http::engine::Reply;

/// The style sheet.
pub(super) const STYLE: &str = "body{margin:0;font:14px '微软雅黑',SimSun,sans-serif;background:#eef3f8}.top{background:#1f5c99;color:#fff;padding:10px 18px;font-size:18px}.top a{color:#fff;float:right;font-size:13px}.box{width:340px;margin:110px auto;background:#fff;border:1px solid #b9cde0;padding:24px}.box p{margin:10px 0}.box input[type=text],.box input[type=password]{width:210px}.err{color:#c00}table{border-collapse:collapse;width:98%;margin:8px auto;background:#fff}th,td{border:1px solid #b9cde0;padding:4px 6px;font-size:13px}th{background:#d6e5f3}.view{background:#000;color:#ccc;padding:8px}.view img{max-width:48%;margin:4px}.foot{text-align:center;color:#888;font-size:12px;padding:14px}";

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

/// A page around its content.
pub(super) fn page(app: &NetPacs, body: &str) -> Reply {
    let behaviour = &app.behaviour;
    aspx(200).with_body(format!(
        "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\r\n<html xmlns=\"http://www.w3.org/1999/xhtml\">\r\n<head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\" /><title>\r\n\t{title}\r\n</title><link href=\"style.css\" rel=\"stylesheet\" type=\"text/css\" /></head>\r\n<body>\r\n{body}\r\n<div class=\"foot\">{vendor} {version}</div>\r\n</body>\r\n</html>\r\n",
        title = escaped(&behaviour.title),
        vendor = escaped(&behaviour.vendor),
        version = escaped(&behaviour.version)
    ))
}

/// The login page, with what was typed and a message.
pub(super) fn login(app: &NetPacs, name: &str, message: &str) -> Reply {
    let name: String = name.chars().take(64).collect();
    page(
        app,
        &format!(
            "<form method=\"post\" action=\"./\" id=\"form1\">\r\n<div class=\"aspNetHidden\"><input type=\"hidden\" name=\"__VIEWSTATE\" id=\"__VIEWSTATE\" value=\"{state}\" /></div>\r\n<div class=\"top\">{hospital} {title}</div>\r\n<div class=\"box\"><p>用户名：<input name=\"TextName\" type=\"text\" id=\"TextName\" value=\"{name}\" /></p><p>密　码：<input name=\"TextPwd\" type=\"password\" id=\"TextPwd\" /></p><p class=\"err\"><span id=\"LabelMsg\">{message}</span></p><p><input type=\"submit\" name=\"BtnLogin\" value=\"登 录\" id=\"BtnLogin\" /></p></div>\r\n</form>",
            state = app.view_state,
            hospital = escaped(&app.hospital),
            title = escaped(&app.behaviour.title),
            name = escaped(&name),
        ),
    )
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
