//! Settings in the console, in a real browser: a destination that is added and delivers, an allowance with
//! its second pair of eyes, a bait, a bundle.
//!
//! With `HONEYWARD_BLESS=1` the pictures of the docs are made anew, with `HONEYWARD_PICTURES=DIR` all of them there.

use std::fs;
use std::time::Duration;

use serde_json::Value;

use crate::chromium::Chromium;
use crate::health::Receiver;
use crate::honeynet::{Honeynet, client, text, within};
use crate::journeys::{PASSWORD, console, incident, intrude, pictures, set_up};

/// Makes an account on its page.
fn add_account(browser: &Chromium, base: &str, name: &str, role: &str) {
    browser.go(&format!("{base}/accounts"));
    browser.type_into("form.search input[name=name]", name);
    browser.type_into("form.search input[name=password]", PASSWORD);
    browser.script(&format!("document.querySelector('select[name=role]').value = '{role}'"));
    browser.click("form.search button");
    browser.until("the account", &format!("return document.body.innerText.includes('{name}')"));
}

fn log_in(base: &str, name: &str, language: &str) -> Chromium {
    let browser = Chromium::start(1280, 900, false);
    browser.go(&format!("{base}/login?lang={language}"));
    browser.type_into("input[name=name]", name);
    browser.type_into("input[name=password]", PASSWORD);
    browser.click(".entrance button");
    browser.until("the first page", "return !!document.querySelector('.cards')");
    browser
}

#[test]
fn a_destination_is_added_and_is_seen_to_deliver() {
    let receiver = Receiver::start();
    let net = Honeynet::with("");
    let (base, folder) = (console(&net), pictures(&net));
    let browser = Chromium::start(1280, 900, false);
    set_up(&net, &browser, &base, "zh");
    for (language, name, sent) in [("zh", "soc", "测试告警已送出"), ("en", "second", "A test alert went out")]
    {
        browser.go(&format!("{base}/settings/siem?lang={language}"));
        browser.is_accessible("destinations before");
        browser.type_into(".fields input[name=name]", name);
        browser.type_into("input[name=address]", "nonsense");
        browser.script("document.querySelector('select[name=transport]').value = 'tcp'");
        browser.click("button[value=save]");
        browser.until(
            "what is wrong",
            "return document.querySelector('.wrong')?.innerText.includes('HOST:PORT')",
        );
        browser.is_accessible("a destination that is wrong");
        let address = format!("127.0.0.1:{}", receiver.port);
        browser.script("document.querySelector('input[name=address]').value = ''");
        browser.type_into("input[name=address]", &address);
        browser.click("button[value=save]");
        browser.until(
            "it is there",
            &format!("return document.querySelector('table')?.innerText.includes('{name}')"),
        );
        browser.click(&format!("button[aria-label$=' {name}'][value=test]"));
        browser.until(
            "the test",
            &format!("return document.querySelector('.done-note')?.innerText.includes('{sent}')"),
        );
        browser.is_accessible("a tested destination");
        within(Duration::from_secs(10), "the test alert", || {
            receiver.text().contains("honeyward - test - ").then_some(())
        });
    }
    let attacker = net.attacker(9);
    intrude(&net, &attacker);
    let incident = incident(&net, &attacker);
    within(Duration::from_secs(20), "the alert", || {
        receiver.text().contains(incident["id"].as_str()?).then_some(())
    });
    within(Duration::from_secs(30), "both deliver", || {
        browser.go(&format!("{base}/settings/siem?lang=zh"));
        let good = browser.script("return document.querySelectorAll('tbody .dot.good').length");
        (good == 2).then_some(())
    });
    browser.picture(&folder.join("destinations.png"));
    browser.go(&format!("{base}/settings/siem?change=soc&lang=en"));
    browser.script("document.querySelector('input[name=health]').checked = true");
    browser.click("button[value=save]");
    within(Duration::from_secs(30), "health", || {
        receiver.text().contains("honeyward - health - ").then_some(())
    });
    browser.go(&format!("{base}/settings/siem"));
    browser.click("button[aria-label$=' second'][value=remove]");
    browser.until("it is gone", "return !document.querySelector('button[aria-label$=\" second\"]')");
    browser.go(&format!("{base}/settings"));
    browser.is_accessible("versions");
    browser.picture(&folder.join("versions.png"));
    browser.click("tbody tr:nth-child(2) button");
    browser
        .until("it was restored", "return document.querySelector('.done-note')?.innerText.includes('done')");
    browser.go(&format!("{base}/settings/siem"));
    assert!(browser.text("table").contains("second"), "{}", browser.text("table"));
    assert!(net.honeyward(&["verify"]).status.success());
}

#[test]
fn an_allowance_has_its_second_pair_of_eyes() {
    let net = Honeynet::with("");
    let (base, folder) = (console(&net), pictures(&net));
    let browser = Chromium::start(1280, 900, false);
    set_up(&net, &browser, &base, "zh");
    add_account(&browser, &base, "zhaomin", "administrator");
    let other = log_in(&base, "zhaomin", "en");
    let scanner = net.attacker(40);
    let rounds = [(&browser, &other, "weekly-scan", "zh"), (&other, &browser, "second-scan", "en")];
    for (asks, approves, name, language) in rounds {
        asks.go(&format!("{base}/settings/allowances?lang={language}"));
        asks.is_accessible("allowances");
        let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::system()).date();
        let ends = today.saturating_add(jiff::Span::new().days(60));
        for (field, value) in
            [("name", name), ("source", &scanner), ("owner", "Li Na, IT"), ("reason", "weekly <b>scan</b>")]
        {
            asks.type_into(&format!(".fields input[name={field}]"), value);
        }
        asks.script(&format!("document.querySelector('input[name=expires]').value = '{ends}'"));
        asks.script("document.querySelector('select[name=covers]').value = 'E3'");
        asks.click("button[value=add]");
        asks.until("it waits", "return !!document.querySelector('.done-note a[href=\"/requests\"]')");
        assert!(!list(&net).iter().any(|one| one["name"] == name), "it does not hold yet");
        asks.go(&format!("{base}/requests"));
        assert_eq!(asks.script("return document.querySelectorAll('button[value=approve]').length"), 0);
        asks.is_accessible("own request");
        approves.go(&format!("{base}/requests"));
        approves.is_accessible("request");
        let page = approves.text("main");
        for wanted in [name, scanner.as_str(), "Li Na, IT", "weekly <b>scan</b>", "E3"] {
            assert!(page.contains(wanted), "{wanted}: {page}");
        }
        approves.picture(&folder.join(if language == "zh" { "request.png" } else { "request-zh.png" }));
        approves.click("button[value=approve]");
        approves.until("it is decided", "return !document.querySelector('button[value=approve]')");
        let held = within(Duration::from_secs(10), "it holds", || {
            list(&net).into_iter().find(|one| one["name"] == name)
        });
        assert_ne!(held["approver"], Value::Null);
        assert_eq!(held["approver"], if language == "zh" { "zhaomin" } else { "wanglei" });
    }
    browser.go(&format!("{base}/settings/allowances?count=1"));
    browser.is_accessible("allowances that hold");
    browser.picture(&folder.join("allowances.png"));
    browser.click("button[aria-label$=' weekly-scan'][value=end]");
    browser.until("it ended", "return !document.querySelector('button[aria-label$=\" weekly-scan\"]')");
    assert!(net.honeyward(&["verify"]).status.success());
}

#[test]
fn a_telephone_reads_the_second_factor() {
    let net = Honeynet::with("");
    let (base, folder) = (console(&net), pictures(&net));
    let browser = Chromium::start(1280, 900, true);
    set_up(&net, &browser, &base, "en");
    browser.go(&format!("{base}/own"));
    browser.type_into(".columns section:first-child input[name=password]", PASSWORD);
    browser.click("button[value=begin]");
    browser.until("the code", "return !!document.querySelector('svg.qr')");
    browser.is_accessible("the second factor");
    let picture = folder.join("second-factor.png");
    browser.picture(&picture);
    let read = client("zbarimg", "zbar-tools", &["-q", "--raw", picture.to_str().unwrap()]);
    let secret = browser.text("#secret");
    let wanted = format!("otpauth://totp/Honeyward:wanglei?secret={secret}&issuer=Honeyward");
    assert_eq!(String::from_utf8_lossy(&read.stdout).trim(), wanted, "{}", text(&read));
}

fn list(net: &Honeynet) -> Vec<Value> {
    let config = net.scratch("honeynet.toml");
    net.json(&["allowances", "list", "--json", "--config", config.to_str().unwrap()])
}

#[test]
fn a_bait_is_made_and_a_bundle_taken_out_with_two_people() {
    let net = Honeynet::with("");
    let (base, folder) = (console(&net), pictures(&net));
    let browser = Chromium::start(1280, 900, false);
    set_up(&net, &browser, &base, "en");
    browser.go(&format!("{base}/settings/lures"));
    browser.is_accessible("baits");
    browser.script("document.querySelector('select[name=kind]').value = 'database'");
    browser.type_into("input[name=endpoint]", "DR-WS-07");
    browser.type_into("input[name=path]", "C:\\Users\\Public\\his.ini");
    // No host of this honeynet has a database: a bait that leads nowhere is refused.
    browser.click("button[value=mint]");
    browser.until("no host fits", "return document.querySelector('.wrong')?.innerText.includes('speaks')");
    browser.script("document.querySelector('select[name=kind]').value = 'ssh_key'");
    browser.go(&format!("{base}/settings/lures"));
    browser.script("document.querySelector('select[name=kind]').value = 'ssh_key'");
    browser.type_into("input[name=endpoint]", "DR-WS-07");
    browser.type_into("input[name=path]", "~/.ssh/id_pacs");
    browser.click("button[value=mint]");
    browser.until("the bait", "return document.querySelector('table')?.innerText.includes('DR-WS-07')");
    browser.is_accessible("baits that are out");
    browser.picture(&folder.join("baits.png"));

    let attacker = net.attacker(9);
    intrude(&net, &attacker);
    let id = incident(&net, &attacker)["id"].as_str().unwrap().to_owned();
    add_account(&browser, &base, "zhaomin", "administrator");
    browser.go(&format!("{base}/incidents/{id}"));
    browser.type_into("form[action='/export'] input[name=reason]", "Report to the authority");
    browser.click("form[action='/export'] button");
    browser.until("it waits", "return !!document.querySelector('button[value=withdraw]')");
    let other = log_in(&base, "zhaomin", "zh");
    other.go(&format!("{base}/requests"));
    other.click("button[value=approve]");
    other.until("the bundle", "return !!document.querySelector('a[href$=\"/bundle\"]')");
    other.is_accessible("a bundle that is there");
    other.picture(&folder.join("request.png"));
    let bundles: Vec<_> = fs::read_dir(net.data().join("managed/bundles")).unwrap().collect();
    let bundle = bundles[0].as_ref().unwrap().path();
    let checked = net.honeyward(&["verify", bundle.to_str().unwrap()]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    assert!(net.honeyward(&["verify"]).status.success());
}
