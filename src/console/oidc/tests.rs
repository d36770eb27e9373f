use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use super::*;

fn settings() -> Oidc {
    serde_json::from_value(json!({
        "issuer": "https://idp", "client_id": "honeyward", "console": "https://c:8443", "ca": "ca.pem",
        "roles": { "soc": "analyst", "leads": "administrator", "audit": "auditor" },
    }))
    .unwrap()
}

fn discovery(change: (&str, &str)) -> Vec<u8> {
    let mut document = json!({
        "issuer": "https://idp", "authorization_endpoint": "https://idp/auth?tenant=1",
        "token_endpoint": "https://idp/token", "jwks_uri": "https://idp/keys",
    });
    document[change.0] = change.1.into();
    document.to_string().into_bytes()
}

/// A provider that says this of itself, gives no good token, and keeps the last form.
fn provider(change: (&'static str, &'static str), forms: &Arc<Mutex<String>>) -> Provider {
    let (forms, asked) = (Arc::clone(forms), AtomicU64::new(0));
    let ask = move |question: &Question<'_>| {
        assert!(asked.fetch_add(1, Ordering::Relaxed) < 1000);
        match question.url {
            "https://idp/.well-known/openid-configuration" => Ok(discovery(change)),
            "https://idp/keys" => Ok(b"{\"keys\":[]}".to_vec()),
            "https://idp/token" => {
                *lock(&forms) = question.form.clone().unwrap();
                Ok(b"{\"id_token\":\"a.b.c\"}".to_vec())
            }
            other => Err(other.to_owned()),
        }
    };
    Provider::new(settings(), Box::new(ask))
}

fn part<'t>(text: &'t str, name: &str) -> &'t str {
    let at = text.split(['?', '&']).find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    at.unwrap_or_else(|| panic!("{name}: {text}"))
}

fn back<'a>(begun: &'a Begun, code: &'a str) -> Brought<'a> {
    let state = part(&begun.location, "state");
    Brought { state, code, issuer: None, failed: false, cookie: &begun.cookie }
}

#[test]
fn the_proof_of_a_code_is_the_browsers_own_and_good_once() {
    let forms = Arc::default();
    let provider = provider(("x", ""), &forms);
    let begun = provider.begin().unwrap();
    assert!(begun.location.starts_with("https://idp/auth?tenant=1&response_type=code&client_id=honeyward&"));
    assert_eq!(part(&begun.location, "redirect_uri"), "https%3A%2F%2Fc%3A8443%2Foidc%2Fcallback");
    let wrong = Refused::Unproven("the token has no form of one");
    assert_eq!(provider.end(&back(&begun, "code"), 0), Err(wrong));
    let form = lock(&forms).clone();
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(part(&form, "code_verifier")));
    assert_eq!(part(&begun.location, "code_challenge"), challenge);
    assert_eq!((part(&form, "code"), part(&form, "grant_type")), ("code", "authorization_code"));
    assert_eq!(provider.end(&back(&begun, "code"), 0), Err(Refused::NotBegun));
}

#[test]
fn another_browser_another_provider_and_a_refusal_come_to_nothing() {
    let provider = provider(("x", ""), &Arc::default());
    let begun = provider.begin().unwrap();
    let theirs = Brought { cookie: "", ..back(&begun, "code") };
    assert_eq!(provider.end(&theirs, 0), Err(Refused::NotBegun));
    let begun = provider.begin().unwrap();
    let mixed = Brought { issuer: Some("https://evil"), ..back(&begun, "code") };
    assert_eq!(provider.end(&mixed, 0), Err(Refused::Unproven("the token is of another provider")));
    let begun = provider.begin().unwrap();
    assert_eq!(provider.end(&Brought { failed: true, ..back(&begun, "code") }, 0), Err(Refused::Denied));
    for _ in 0..2 * UNDER_WAY {
        provider.begin().unwrap();
    }
    assert_eq!(lock(&provider.under_way).len(), UNDER_WAY);
}

#[test]
fn a_provider_that_says_it_is_another_or_has_no_tls_is_not_asked_on() {
    for change in
        [("issuer", "https://idp/"), ("token_endpoint", "http://idp/token"), ("jwks_uri", "file:///x")]
    {
        let begun = provider(change, &Arc::default()).begin();
        assert!(matches!(begun, Err(Refused::Away(_))), "{change:?}");
    }
}

#[test]
fn values_of_the_claim_give_the_role() {
    let settings = settings();
    let role = |values: &[&str]| settings.role(values.iter().copied());
    assert_eq!(role(&["staff", "leads", "soc"]), Some(Role::Administrator));
    assert_eq!(
        (role(&["audit"]), role(&["audit", "soc"]), role(&["staff"])),
        (Some(Role::Auditor), None, None)
    );
    let provider = provider(("x", ""), &Arc::default());
    let come = |claims| provider.admitted(&claims).map(|admitted| admitted.account);
    assert_eq!(come(json!({ "preferred_username": "zhang", "groups": "soc" })), Ok("oidc:zhang".into()));
    assert_eq!(come(json!({ "sub": "7", "groups": ["soc"] })), Ok("oidc:7".into()));
    assert_eq!(come(json!({ "sub": "7", "groups": { "soc": 1 } })), Err(Refused::NoRole));
    assert!(come(json!({ "sub": "a<b>\u{202e}", "groups": "soc" })).is_err());
}

#[test]
fn settings_that_prove_nothing_are_faults() {
    let faults = |change: fn(&mut Oidc)| {
        let mut settings = settings();
        change(&mut settings);
        settings.faults().len()
    };
    assert_eq!(faults(|_| {}), 0);
    assert_eq!(faults(|s| s.issuer = "http://idp.example".into()), 1);
    assert_eq!(faults(|s| s.issuer = "http://127.0.0.1:9".into()), 0);
    assert_eq!(faults(|s| s.ca = None), 1);
    assert_eq!(faults(|s| s.console = "https://c/".into()), 1);
    assert_eq!(faults(|s| s.roles.clear()), 1);
    assert_eq!(faults(|s| drop(s.roles.insert("x".into(), "root".into()))), 1);
}
