//! Tomcat's own error pages, in English or Chinese as the client asks, passed on by nginx.

use super::answer::{Answer, Status};

/// The style that every page of Tomcat's error valve holds.
pub(crate) const STYLE: &str = "body {font-family:Tahoma,Arial,sans-serif;} h1, h2, h3, b {color:white;background-color:#525D76;} h1 {font-size:22px;} h2 {font-size:16px;} h3 {font-size:14px;} p {font-size:12px;} a {color:black;} .line {height:1px;background-color:#525D76;border:none;}";

/// Where the connector finds a bad character, as its log and page print it.
const CONNECTOR_TRACE: &str = "\torg.apache.coyote.http11.Http11Processor.service(Http11Processor.java:271)
\torg.apache.coyote.AbstractProcessorLight.process(AbstractProcessorLight.java:65)
\torg.apache.coyote.AbstractProtocol$ConnectionHandler.process(AbstractProtocol.java:891)
\torg.apache.tomcat.util.net.NioEndpoint$SocketProcessor.doRun(NioEndpoint.java:1784)
\torg.apache.tomcat.util.net.SocketProcessorBase.run(SocketProcessorBase.java:49)
\torg.apache.tomcat.util.threads.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1191)
\torg.apache.tomcat.util.threads.ThreadPoolExecutor$Worker.run(ThreadPoolExecutor.java:659)
\torg.apache.tomcat.util.threads.TaskThread$WrappingRunnable.run(TaskThread.java:61)
\tjava.base/java.lang.Thread.run(Thread.java:840)
";

/// Errors that Tomcat or the application may report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TomcatError {
    /// 400.
    BadRequest,
    /// 404.
    NotFound,
    /// 405.
    MethodNotAllowed,
    /// 500.
    Internal,
    /// 501.
    NotImplemented,
}

/// Words of one page.
struct Words {
    code: u16,
    reason: &'static str,
    description: &'static str,
}

impl TomcatError {
    fn words(self, chinese: bool) -> Words {
        let (code, en, zh) = match self {
            TomcatError::BadRequest => (
                400,
                (
                    "Bad Request",
                    "The server cannot or will not process the request due to something that is perceived to be a client error (e.g., malformed request syntax, invalid request message framing, or deceptive request routing).",
                ),
                (
                    "错误的请求",
                    "由于被认为是客户端对错误（例如：畸形的请求语法、无效的请求信息帧或者虚拟的请求路由），服务器无法或不会处理当前请求。",
                ),
            ),
            TomcatError::NotFound => (
                404,
                (
                    "Not Found",
                    "The origin server did not find a current representation for the target resource or is not willing to disclose that one exists.",
                ),
                ("未找到", "源服务器未能找到目标资源的表示或者是不愿公开一个已经存在的资源表示。"),
            ),
            TomcatError::MethodNotAllowed => (
                405,
                (
                    "Method Not Allowed",
                    "The method received in the request-line is known by the origin server but not supported by the target resource.",
                ),
                ("方法不允许", "请求行中接收的方法由源服务器知道，但目标资源不支持"),
            ),
            TomcatError::Internal => (
                500,
                (
                    "Internal Server Error",
                    "The server encountered an unexpected condition that prevented it from fulfilling the request.",
                ),
                ("内部服务器错误", "服务器遇到一个意外的情况，阻止它完成请求。"),
            ),
            TomcatError::NotImplemented => (
                501,
                (
                    "Not Implemented",
                    "The server does not support the functionality required to fulfill the request.",
                ),
                ("未实现", "服务器不支持完成请求所需的功能。"),
            ),
        };
        let (reason, description) = if chinese { zh } else { en };
        Words { code, reason, description }
    }
}

/// A status report; `message` is unescaped.
pub(crate) fn report(error: TomcatError, message: Option<&str>, product: &str, chinese: bool) -> Answer {
    let words = error.words(chinese);
    let labels = if chinese {
        ("类型", "状态报告", "消息", "描述")
    } else {
        ("Type", "Status Report", "Message", "Description")
    };
    let mut body = opening(&words, chinese);
    body.push_str(&format!("<p><b>{}</b> {}</p>", labels.0, labels.1));
    if let Some(message) = message {
        body.push_str(&format!("<p><b>{}</b> {}</p>", labels.2, escape(message)));
    }
    body.push_str(&format!("<p><b>{}</b> {}</p>", labels.3, words.description));
    body.push_str(&closing(product));
    answer(words.code, body, chinese)
}

/// The connector's page for a target with a character that may not stand there. The connector
/// answers before it has read what language the client wants.
pub(crate) fn bad_target(target: &[u8], in_query: bool, product: &str) -> Answer {
    let words = TomcatError::BadRequest.words(false);
    let shown: String = target.iter().map(|b| char::from(*b)).collect();
    let message = format!(
        "Invalid character found in the request target [{shown} ]. The valid characters are defined in RFC 7230 and RFC 3986"
    );
    let message = escape(&message);
    let line = if in_query { 494 } else { 502 };
    let mut body = opening(&words, false);
    body.push_str(&format!(
        "<p><b>Type</b> Exception Report</p><p><b>Message</b> {message}</p><p><b>Description</b> {}</p>",
        words.description
    ));
    body.push_str(&format!(
        "<p><b>Exception</b></p><pre>java.lang.IllegalArgumentException: {message}\n\torg.apache.coyote.http11.Http11InputBuffer.parseRequestLine(Http11InputBuffer.java:{line})\n{}</pre>",
        escape(CONNECTOR_TRACE)
    ));
    body.push_str(
        "<p><b>Note</b> The full stack trace of the root cause is available in the server logs.</p>",
    );
    body.push_str(&closing(product));
    answer(400, body, false)
}

fn opening(words: &Words, chinese: bool) -> String {
    let (lang, title) = if chinese {
        ("zh", format!("HTTP状态 {} - {}", words.code, words.reason))
    } else {
        ("en", format!("HTTP Status {} – {}", words.code, words.reason))
    };
    format!(
        "<!doctype html><html lang=\"{lang}\"><head><title>{title}</title><style type=\"text/css\">{STYLE}</style></head><body><h1>{title}</h1><hr class=\"line\" />"
    )
}

fn closing(product: &str) -> String {
    format!("<hr class=\"line\" /><h3>{product}</h3></body></html>")
}

fn answer(code: u16, body: String, chinese: bool) -> Answer {
    let answer = Answer::new(Status::proxied(code)).typed("text/html;charset=utf-8").with_body(body);
    answer.with("Content-Language", if chinese { "zh-CN" } else { "en" })
}

/// Tomcat's escapes: the slash is one of them.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '/' => out.push_str("&#47;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lengths that a Tomcat 9.0.70 gave for the same requests.
    #[test]
    fn pages_are_as_long_as_tomcats() {
        let product = "Apache Tomcat/9.0.70 (Debian)";
        let length = |a: Answer| a.body.len();
        let missing = Some("The requested resource [/his/nope] is not available");
        assert_eq!(length(report(TomcatError::NotFound, missing, product, false)), 772);
        assert_eq!(length(report(TomcatError::NotFound, missing, product, true)), 737);
        assert_eq!(length(report(TomcatError::NotFound, None, product, false)), 691);
        assert_eq!(length(report(TomcatError::MethodNotAllowed, None, product, false)), 694);
        assert_eq!(
            length(report(TomcatError::BadRequest, Some("Invalid URI: noSlash"), product, false)),
            813
        );
        assert_eq!(
            length(report(
                TomcatError::NotImplemented,
                Some("Method [FOO] is not implemented by this Servlet for this URI"),
                product,
                false
            )),
            737
        );
        assert_eq!(length(bad_target(b"/his/a.jsp?x={y}", true, product)), 2042);
        assert_eq!(length(bad_target(b"/his/a.jsp?x=|", true, product)), 2038);
    }
}
