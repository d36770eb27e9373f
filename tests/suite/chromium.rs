//! A real Chromium without a screen, driven as W3C WebDriver says, by plain HTTP to `chromedriver`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::honeynet::{client, text, within};

/// How WebDriver names an element in its answers.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The checks for accessibility, as their makers ship them.
const AXE: &str = include_str!("../vendor/axe-core/axe.min.js");

/// A browser with one window and its own cookies.
pub(crate) struct Chromium {
    driver: Child,
    session: String,
}

impl Chromium {
    /// Starts one of this size; `dark` asks pages for dark colours.
    pub(crate) fn start(width: u32, height: u32, dark: bool) -> Self {
        let mut driver = Command::new("chromedriver")
            .args(["--port=0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver (Debian package chromium-driver)");
        let said = BufReader::new(driver.stdout.take().unwrap());
        let port = said
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                line.split("on port ").nth(1)?.trim_end_matches('.').parse::<u16>().ok().filter(|p| *p > 0)
            })
            .expect("chromedriver says its port");
        let base = format!("http://127.0.0.1:{port}");
        let mut arguments = vec![
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--hide-scrollbars".to_owned(),
            format!("--window-size={width},{height}"),
        ];
        if dark {
            arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "acceptInsecureCerts": true,
            "goog:chromeOptions": { "args": arguments },
        } } });
        let made = within(Duration::from_secs(30), "a browser", || {
            let answer = exchange("POST", &format!("{base}/session"), Some(&wanted));
            answer["sessionId"].as_str().map(str::to_owned)
        });
        Chromium { driver, session: format!("{base}/session/{made}") }
    }

    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let answer = exchange(method, &format!("{}{path}", self.session), body);
        assert!(answer["error"].is_null(), "{path}: {answer}");
        answer
    }

    /// Goes there.
    pub(crate) fn go(&self, url: &str) {
        self.call("POST", "/url", Some(&json!({ "url": url })));
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        self.call("GET", "/url", None).as_str().unwrap().to_owned()
    }

    /// The first element of a CSS selector, waited for.
    fn find(&self, selector: &str) -> String {
        let wanted = json!({ "using": "css selector", "value": selector });
        within(Duration::from_secs(20), selector, || {
            let answer = exchange("POST", &format!("{}/element", self.session), Some(&wanted));
            answer[ELEMENT].as_str().map(str::to_owned)
        })
    }

    /// Clicks on it.
    pub(crate) fn click(&self, selector: &str) {
        let element = self.find(selector);
        self.call("POST", &format!("/element/{element}/click"), Some(&json!({})));
    }

    /// Types into it.
    pub(crate) fn type_into(&self, selector: &str, words: &str) {
        let element = self.find(selector);
        self.call("POST", &format!("/element/{element}/clear"), Some(&json!({})));
        self.call("POST", &format!("/element/{element}/value"), Some(&json!({ "text": words })));
    }

    /// Presses keys, wherever the focus is.
    pub(crate) fn press(&self, keys: &str) {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })]
            })
            .collect();
        let source = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] });
        self.call("POST", "/actions", Some(&source));
    }

    /// What people read in it.
    pub(crate) fn text(&self, selector: &str) -> String {
        let element = self.find(selector);
        self.call("GET", &format!("/element/{element}/text"), None).as_str().unwrap().to_owned()
    }

    /// Runs a script of ours; gives what it returns.
    pub(crate) fn script(&self, script: &str) -> Value {
        self.call("POST", "/execute/sync", Some(&json!({ "script": script, "args": [] })))
    }

    /// Waits until a script is true.
    pub(crate) fn until(&self, what: &str, script: &str) {
        within(Duration::from_secs(20), what, || (self.script(script) == true).then_some(()));
    }

    /// Makes a picture of the window.
    pub(crate) fn picture(&self, file: &Path) {
        let png = self.call("GET", "/screenshot", None);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, BASE64_STANDARD.decode(png.as_str().unwrap()).unwrap()).unwrap();
        let name = format!("console-{}", file.file_name().unwrap().to_str().unwrap());
        let shown = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operator/images").join(name);
        // The docs show these pages as they are.
        if std::env::var_os("HONEYWARD_BLESS").is_some() && shown.is_file() {
            fs::copy(file, shown).unwrap();
        }
    }

    /// Finds nothing serious that keeps people from using this page (WCAG 2.1 A and AA).
    pub(crate) fn is_accessible(&self, what: &str) {
        self.call("POST", "/timeouts", Some(&json!({ "script": 60_000 })));
        // The page's own policy forbids scripts that are not its own; the driver's are no part of it.
        let script = format!(
            "{AXE}; const done = arguments[arguments.length - 1]; \
             axe.run(document, {{ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa'] }}).then(r => done(r.violations \
             .filter(v => v.impact === 'serious' || v.impact === 'critical') \
             .map(v => v.id + ': ' + v.nodes.map(n => n.html).slice(0, 3).join(' '))));"
        );
        let found = self.call("POST", "/execute/async", Some(&json!({ "script": script, "args": [] })));
        assert_eq!(found, json!([]), "{what}");
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = exchange("DELETE", &self.session, None);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// One exchange with the driver; the value of its answer.
fn exchange(method: &str, url: &str, body: Option<&Value>) -> Value {
    let body = body.map(Value::to_string);
    let file = body.as_ref().map(|body| {
        // Scripts are too long for a command line.
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), body).unwrap();
        file
    });
    let data = file.as_ref().map(|file| format!("@{}", file.path().display()));
    let mut arguments = vec!["-s", "-S", "--noproxy", "*", "--max-time", "90", "-X", method, url];
    if let Some(data) = &data {
        arguments.extend(["-H", "Content-Type: application/json", "--data-binary", data]);
    }
    let output = client("curl", "curl", &arguments);
    assert!(output.status.success(), "{url}: {}", text(&output));
    let mut answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    answer["value"].take()
}
