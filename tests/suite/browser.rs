//! `curl` as a visitor of the HIS portal.

use std::path::PathBuf;

use crate::honeynet::{Honeynet, client, text};

/// One visitor with his cookies.
pub(crate) struct Browser {
    jar: PathBuf,
    base: String,
}

impl Browser {
    /// A visitor of the portal by `http` or `https`.
    pub(crate) fn new(net: &Honeynet, scheme: &str) -> Self {
        let base = format!("{scheme}://{}/his", net.address("his", scheme));
        Browser { jar: net.scratch(&format!("{scheme}.jar")), base }
    }

    /// Gets a page: head and body.
    pub(crate) fn get(&self, path: &str) -> String {
        self.curl(&[], path)
    }

    /// Logs in with the hospital's lure account.
    pub(crate) fn login(&self, net: &Honeynet) -> String {
        let (account, password) = net.lure("his", "http");
        let (account, password) = (format!("username={account}"), format!("password={password}"));
        let answer = self.curl(&["--data-urlencode", &account, "--data-urlencode", &password], "/login");
        assert!(answer.contains(" 302 ") && answer.contains("/his/home"), "{answer}");
        answer
    }

    fn curl(&self, arguments: &[&str], path: &str) -> String {
        let (jar, url) = (self.jar.to_str().unwrap(), format!("{}{path}", self.base));
        let fixed = ["-s", "-S", "-k", "-i", "--max-time", "20", "-b", jar, "-c", jar, &url];
        let output = client("curl", "curl", &[arguments, &fixed].concat());
        assert!(output.status.success(), "{url}: {}", text(&output));
        unescaped(&text(&output))
    }
}

/// Text as the visitor reads it.
fn unescaped(page: &str) -> String {
    let pairs =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&amp;", "&")];
    pairs.iter().fold(page.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}
