//! Asks on the text screen what no file has answered, and writes the answers as such a file would be: one
//! way in for both.

use std::net::Ipv4Addr;

use super::answers::{Language, Network, SECRET_MIN};
use super::network::Card;
use super::screen::{Screen, Words, plain, words};
use super::segments;

/// Asks everything; the text of a `first-boot.toml`.
pub fn ask(screen: &mut Screen, cards: &[Card], hosts: &[String]) -> String {
    let language = ask_language(screen);
    for (i, card) in cards.iter().enumerate() {
        screen.say(&plain(format!("  {}: {} {}", i + 1, card.name, card.mac)));
    }
    let management = card(screen, cards, &words("Management network card (number):", "管理网口（编号）："));
    let address = valid(
        screen,
        &words("Management address, such as 10.20.0.5/24:", "管理地址，例如 10.20.0.5/24："),
        |text| text.parse::<Network>(),
    );
    let gateway = optional_address(
        screen,
        &words("Gateway of the management network (empty: none):", "管理网关（留空：无）："),
    );
    let time = optional_address(screen, &words("Time server (empty: none):", "时间服务器（留空：无）："));
    let secret = ask_secret(screen);
    let decoys = card(screen, cards, &words("Network card of the decoys (number):", "诱捕网口（编号）："));
    let segments = segments::ask(screen, hosts);
    let mut text = format!(
        "[appliance]\nlanguage = \"{language}\"\n\n[appliance.management]\ninterface = \"{management}\"\naddress = \"{address}\"\n"
    );
    text.extend(gateway.map(|gateway| format!("gateway = \"{gateway}\"\n")));
    text.extend(time.map(|server| format!("\n[appliance.time]\nservers = [\"{server}\"]\n")));
    text.extend(
        secret
            .map(|secret| format!("\n[appliance.administrator]\nsecret = {}\n", toml::Value::String(secret))),
    );
    text.push_str(&format!("\n[appliance.decoys]\ninterface = \"{decoys}\"\n"));
    text.extend(segments.iter().map(segments::Segment::to_toml));
    text
}

fn ask_language(screen: &mut Screen) -> &'static str {
    let question = plain("Language / 语言: 1 English, 2 中文:");
    screen.language = valid(screen, &question, |text| match text {
        "" | "1" => Ok(Language::En),
        "2" => Ok(Language::Zh),
        _ => Err("1, 2".to_owned()),
    });
    match screen.language {
        Language::En => "en",
        Language::Zh => "zh",
    }
}

fn card(screen: &mut Screen, cards: &[Card], question: &Words) -> String {
    valid(screen, question, |text| {
        let number: usize = text.parse().map_err(|_| format!("1 - {}", cards.len()))?;
        let card = number.checked_sub(1).and_then(|i| cards.get(i));
        // By its MAC: names may change with the slots that are filled.
        card.map(|card| card.mac.clone()).ok_or_else(|| format!("1 - {}", cards.len()))
    })
}

pub(super) fn optional_address(screen: &mut Screen, question: &Words) -> Option<Ipv4Addr> {
    valid(screen, question, |text| match text {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| format!("{text:?}: 10.20.0.1")),
    })
}

fn ask_secret(screen: &mut Screen) -> Option<String> {
    let question = words(
        format!(
            "One-time secret for the console's first administrator, {SECRET_MIN} characters or more (empty: one is made and shown):"
        ),
        format!("控制台首个管理员的一次性口令，至少 {SECRET_MIN} 个字符（留空：自动生成并显示）："),
    );
    valid(screen, &question, |text| match text {
        "" => Ok(None),
        text if text.chars().count() >= SECRET_MIN => Ok(Some(text.to_owned())),
        _ => Err(format!("{SECRET_MIN}+")),
    })
}

/// Asks until the answer is one.
pub(super) fn valid<T>(screen: &mut Screen, question: &Words, read: impl Fn(&str) -> Result<T, String>) -> T {
    loop {
        match read(&screen.ask(question)) {
            Ok(answer) => return answer,
            Err(expected) => screen.say(&words(format!("Expected: {expected}"), format!("应为：{expected}"))),
        }
    }
}
