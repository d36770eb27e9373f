//! Pages of the application.

use super::NetPacs;
use crate::decoys::http::aspnet::{aspx, escaped};
use crate::decoys::http::engine::Reply;

/// The style sheet.
pub(super) const STYLE: &str = "body{margin:0;font:14px '微软雅黑',SimSun,sans-serif;background:#eef3f8}.top{background:#1f5c99;color:#fff;padding:10px 18px;font-size:18px}.top a{color:#fff;float:right;font-size:13px}.box{width:340px;margin:110px auto;background:#fff;border:1px solid #b9cde0;padding:24px}.box p{margin:10px 0}.box input[type=text],.box input[type=password]{width:210px}.err{color:#c00}table{border-collapse:collapse;width:98%;margin:8px auto;background:#fff}th,td{border:1px solid #b9cde0;padding:4px 6px;font-size:13px}th{background:#d6e5f3}.view{background:#000;color:#ccc;padding:8px}.view img{max-width:48%;margin:4px}.foot{text-align:center;color:#888;font-size:12px;padding:14px}";

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
