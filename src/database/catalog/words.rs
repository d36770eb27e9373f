//! Words in braces that a schema file leaves to the pack: `{host:pacs}`, `{password:his/hisadmin}`.

use crate::persona::{Account, Host, Pack};

/// Fills in all words of a text.
///
/// # Errors
/// The word that nothing stands for.
pub(super) fn fill(text: &str, pack: &Pack, host: &Host) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (word, after) = after.split_once('}').ok_or("a word that begins with `${` ends with `}`")?;
        filled.push_str(before);
        filled.push_str(&value(word, pack, host).ok_or_else(|| format!("nothing stands for `${{{word}}}`"))?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn value(word: &str, pack: &Pack, host: &Host) -> Option<String> {
    let hospital = &pack.hospital;
    let (kind, of) = word.split_once(':').unwrap_or((word, ""));
    match kind {
        "hospital" => Some(hospital.name.clone()),
        "hospital_en" => Some(hospital.name_en.clone()),
        "code" => Some(hospital.code.clone()),
        "city" => Some(hospital.city.clone()),
        "domain" => Some(hospital.domain.clone()),
        "name" => Some(host.hostname.to_uppercase()),
        "address" if of.is_empty() => Some(host.address.to_string()),
        "address" => pack.known(of).map(|host| host.address.to_string()),
        "hostname" => pack.known(of).map(|host| host.hostname.clone()),
        "netbios" => pack.known(of).map(|host| host.hostname.to_uppercase()),
        "password" => account(of, pack).map(|account| account.password.clone()),
        "account" => account(of, pack).map(|account| account.name.clone()),
        "digest" => Some(digest(of, pack)),
        _ => None,
    }
}

fn account<'a>(lure: &str, pack: &'a Pack) -> Option<&'a Account> {
    let (host, _) = lure.split_once('/')?;
    pack.known(host)?.accounts.iter().find(|account| account.lure == lure)
}

/// Thirty-two hexadecimal digits of this installation, as a digest of a password would look.
fn digest(of: &str, pack: &Pack) -> String {
    let bytes = pack.installation.derive(&format!("database/digest/{of}"));
    hex::encode_upper(bytes.get(..16).unwrap_or_default())
}
