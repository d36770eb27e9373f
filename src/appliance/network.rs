//! Network cards: which is management's, which the decoys'; the management address.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::answers::{Management, Network};
use crate::persona::Fault;
use crate::sys::interfaces;

/// What the decoys' card is called: the `parent` of segments.
pub const DECOYS: &str = "decoys";

/// A network card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Its name.
    pub name: String,
    /// Its MAC address, lower case with colons.
    pub mac: String,
}

/// All cards of the machine, in the order of their places on its buses: names follow the drivers, and the
/// first card that people see in a machine is that of the first place.
pub fn cards() -> Vec<Card> {
    let entries = fs::read_dir("/sys/class/net").into_iter().flatten().flatten();
    // What has no device behind it is made by programs: the loopback, VLANs, hosts of the honeynet.
    let real = entries.filter(|entry| entry.path().join("device").exists());
    let mut cards: Vec<(PathBuf, Card)> = real
        .filter_map(|entry| {
            let place = fs::canonicalize(entry.path().join("device")).ok()?;
            let name = entry.file_name().into_string().ok()?;
            let mac = fs::read_to_string(entry.path().join("address")).ok()?.trim().to_lowercase();
            Some((place, Card { name, mac }))
        })
        .collect();
    cards.sort_by(|(one, a), (other, b)| (one, &a.name).cmp(&(other, &b.name)));
    cards.into_iter().map(|(_, card)| card).collect()
}

/// The card that an answer means; `auto` is the first that is not `taken`.
///
/// # Errors
/// In words, with the cards that there are.
pub fn choose<'a>(cards: &'a [Card], wanted: &str, taken: Option<&Card>) -> Result<&'a Card, String> {
    let lower = wanted.to_lowercase();
    let fits = |card: &&Card| match wanted {
        "auto" => taken != Some(*card),
        _ => card.name == wanted || card.mac == lower,
    };
    cards.iter().find(fits).ok_or_else(|| {
        let all: Vec<String> = cards.iter().map(|card| format!("{} ({})", card.name, card.mac)).collect();
        format!("network card {wanted:?} is not there; this machine has: {}", all.join(", "))
    })
}

/// Refuses a `honeynet.toml` whose segments stand on the management card: decoys and management must have
/// no wire in common. `file` is its name for messages.
///
/// # Errors
/// The fault with its line.
pub fn refuse_management(file: &str, text: &str, management: &Card) -> Result<(), Fault> {
    let (mut in_segment, mut at) = (false, 0);
    for line in text.split_inclusive('\n') {
        let words = line.trim();
        if words.starts_with('[') {
            in_segment = words.starts_with("[[network.segment]]");
        }
        let value = words.strip_prefix("parent").map(str::trim_start).and_then(|rest| rest.strip_prefix('='));
        let parent =
            value.map(|value| value.split('#').next().unwrap_or(value).trim().trim_matches(['"', '\'']));
        if in_segment && parent.is_some_and(|parent| parent == management.name) {
            let problem = format!(
                "parent: \"{}\" is the management card; decoys stand on another one, which segments call \"{DECOYS}\"",
                management.name
            );
            return Err(Fault::at(file, text, at, problem));
        }
        at += line.len();
    }
    Ok(())
}

/// Brings the loopback and the management card up, with its address, gateway and name servers.
///
/// # Errors
/// In words.
pub fn set_management(card: &Card, wanted: &Management) -> Result<(), String> {
    let could = |e: io::Error| format!("{} {}: {e}", card.name, wanted.address);
    interfaces::bring_up("lo").map_err(could)?;
    let Network { address, prefix } = wanted.address;
    interfaces::set_address(&card.name, address, prefix).map_err(could)?;
    interfaces::bring_up(&card.name).map_err(could)?;
    if let Some(gateway) = wanted.gateway {
        interfaces::set_gateway(gateway).map_err(could)?;
    }
    let servers: String = wanted.name_servers.iter().map(|server| format!("nameserver {server}\n")).collect();
    fs::write("/run/resolv.conf", servers).map_err(|e| format!("/run/resolv.conf: {e}"))
}

/// Gives the decoys' card the name under which segments know it, whatever the kernel calls it.
///
/// # Errors
/// In words.
pub fn name_decoys(card: &Card) -> Result<(), String> {
    if card.name == DECOYS {
        return Ok(());
    }
    interfaces::rename(&card.name, DECOYS).map_err(|e| format!("{} ({}): {e}", card.name, card.mac))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Vec<Card> {
        let card = |name: &str, mac: &str| Card { name: name.into(), mac: mac.into() };
        vec![card("eth0", "52:54:00:00:00:01"), card("eth1", "52:54:00:00:00:02")]
    }

    #[test]
    fn segments_never_stand_on_managements_card() {
        let card = Card { name: "eth0".into(), mac: "52:54:00:00:00:01".into() };
        let text = "[[network.segment]]\nname = \"a\"\nparent = \"decoys\"\n\n[[network.segment]]\nname = \"b\"\nparent = \"eth0\" # both\n";
        let fault = refuse_management("first-boot.toml", text, &card).unwrap_err();
        assert_eq!(fault.line, Some(7));
        assert!(fault.problem.contains("management card"), "{fault}");
        assert!(refuse_management("f", &text.replace("eth0", "eth1"), &card).is_ok());
        assert!(refuse_management("f", "[other]\nparent = \"eth0\"\n", &card).is_ok());
    }

    #[test]
    fn a_card_is_known_by_name_and_mac_and_the_decoys_never_take_managements() {
        let cards = two();
        let first = choose(&cards, "auto", None).unwrap();
        assert_eq!(first.name, "eth0");
        assert_eq!(choose(&cards, "auto", Some(first)).unwrap().name, "eth1");
        assert_eq!(choose(&cards, "52:54:00:00:00:02", None).unwrap().name, "eth1");
        let problem = choose(&cards, "eth7", None).unwrap_err();
        assert!(problem.contains("eth0 (52:54:00:00:00:01), eth1"), "{problem}");
    }
}
