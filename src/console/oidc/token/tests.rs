use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

use super::*;

const NOW: i64 = 1_790_000_000;
const WANTED: Wanted<'_> = Wanted { issuer: "https://idp", client: "honeyward", nonce: "n", now: NOW };

struct Provider(EcdsaKeyPair);

impl Provider {
    fn new() -> Self {
        let (kind, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let document = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        Provider(EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random).unwrap())
    }

    fn keys(&self, kid: &str) -> Keys {
        let point = self.0.public_key().as_ref();
        let part = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let key = json!({ "kty": "EC", "crv": "P-256", "kid": kid, "use": "sig",
            "x": part(&point[1..33]), "y": part(&point[33..]) });
        serde_json::from_value(json!({ "keys": [key] })).unwrap()
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

fn good() -> Value {
    json!({ "iss": "https://idp", "aud": "honeyward", "exp": NOW + 300, "iat": NOW, "nonce": "n", "sub": "7" })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = good();
    claims[name] = value;
    claims
}

#[test]
fn a_token_is_for_this_login_at_this_console_and_now() {
    let provider = Provider::new();
    let judged = |claims: &Value| {
        let token = provider.token(&json!({ "alg": "ES256", "kid": "a" }), claims);
        super::claims(&token, &provider.keys("a"), WANTED).map(|claims| claims["sub"].clone())
    };
    assert_eq!(judged(&good()), Ok(json!("7")));
    let both = json!(["honeyward", "other"]);
    for (claims, why) in [
        (with("iss", json!("https://idp/")), Unfit::Issuer),
        (with("aud", json!("other")), Unfit::Audience),
        (with("aud", both), Unfit::Audience),
        (with("aud", Value::Null), Unfit::Audience),
        (with("azp", json!("other")), Unfit::Audience),
        (with("exp", json!(NOW - SKEW)), Unfit::Time),
        (with("exp", json!("tomorrow")), Unfit::Time),
        (with("iat", json!(NOW + 2 * SKEW)), Unfit::Time),
        (with("iat", json!(NOW - OLDEST - 1)), Unfit::Time),
        (with("nbf", json!(NOW + 2 * SKEW)), Unfit::Time),
        (with("nonce", json!("m")), Unfit::Nonce),
        (with("nonce", Value::Null), Unfit::Nonce),
    ] {
        assert_eq!(judged(&claims), Err(why), "{claims}");
    }
}

#[test]
fn a_signature_is_the_providers_own() {
    let (provider, other) = (Provider::new(), Provider::new());
    let keys = provider.keys("a");
    let judged = |token: &str| claims(token, &keys, WANTED).err();
    let whole = provider.token(&json!({ "alg": "ES256", "kid": "a" }), &good());
    assert_eq!(judged(&whole), None);
    assert_eq!(judged(&other.token(&json!({ "alg": "ES256", "kid": "a" }), &good())), Some(Unfit::Signature));
    assert_eq!(judged(&provider.token(&json!({ "alg": "ES256", "kid": "b" }), &good())), Some(Unfit::Key));
    for alg in ["none", "None", "HS256", "HS512", ""] {
        assert_eq!(
            judged(&provider.token(&json!({ "alg": alg, "kid": "a" }), &good())),
            Some(Unfit::Algorithm)
        );
    }
    assert_eq!(judged(&provider.token(&json!({ "alg": "RS256", "kid": "a" }), &good())), Some(Unfit::Key));
    let critical = json!({ "alg": "ES256", "kid": "a", "crit": ["x"] });
    assert_eq!(judged(&provider.token(&critical, &good())), Some(Unfit::Algorithm));
    // Another body under the same signature, none, or something that is no token.
    let parts: Vec<&str> = whole.split('.').collect();
    let forged = BASE64_URL_SAFE_NO_PAD.encode(with("sub", json!("8")).to_string());
    assert_eq!(judged(&format!("{}.{forged}.{}", parts[0], parts[2])), Some(Unfit::Signature));
    assert_eq!(judged(&format!("{}.{}.", parts[0], parts[1])), Some(Unfit::Signature));
    for odd in ["", ".", "..", "a.b.c", "\u{e9}.\u{e9}.\u{e9}"] {
        assert_eq!(judged(odd), Some(Unfit::Form), "{odd}");
    }
    assert_eq!(judged(&"a".repeat(LONGEST + 1)), Some(Unfit::Form));
}
