//! ID tokens: whose they are, for whom, from whom, until when (OpenID Connect Core 1.0 section 3.1.3.7,
//! RFC 7515, RFC 7518).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;

/// Longest token: those with hundreds of groups are some ten KiB.
const LONGEST: usize = 64 << 10;

/// Seconds by which the provider's clock may differ.
const SKEW: i64 = 60;

/// Oldest token that is taken, in seconds since it was issued.
const OLDEST: i64 = 600;

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It is no token.
    Form,
    /// It is not signed as such tokens must be: `none`, or with a secret that is no key.
    Algorithm,
    /// No key of the provider's has that name or kind.
    Key,
    /// The signature is not its.
    Signature,
    /// From another provider.
    Issuer,
    /// For another client.
    Audience,
    /// It is over, or not yet.
    Time,
    /// From another login.
    Nonce,
}

impl Unfit {
    /// In a few words, for the audit log.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Unfit::Form => "the token has no form of one",
            Unfit::Algorithm => "the token is not signed as it must be",
            Unfit::Key => "the token's key is unknown",
            Unfit::Signature => "the token's signature is wrong",
            Unfit::Issuer => "the token is of another provider",
            Unfit::Audience => "the token is for another client",
            Unfit::Time => "the token is over",
            Unfit::Nonce => "the token is of another login",
        }
    }
}

/// The provider's keys (RFC 7517).
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Keys {
    keys: Vec<Key>,
}

#[derive(Debug, Clone, Deserialize)]
struct Key {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default, rename = "use")]
    purpose: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<Value>,
}

/// What a token must say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    pub(super) nonce: &'a str,
    /// Unix seconds.
    pub(super) now: i64,
}

/// The claims of a token that is fit.
pub(super) fn claims(token: &str, keys: &Keys, wanted: Wanted<'_>) -> Result<Value, Unfit> {
    if token.len() > LONGEST {
        return Err(Unfit::Form);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(Unfit::Form)?;
    let (header, body) = signed.split_once('.').ok_or(Unfit::Form)?;
    let header: Header = serde_json::from_slice(&decoded(header)?).map_err(|_| Unfit::Form)?;
    if header.crit.is_some() {
        return Err(Unfit::Algorithm);
    }
    verify(&header, keys, signed.as_bytes(), &decoded(signature)?)?;
    let claims: Value = serde_json::from_slice(&decoded(body)?).map_err(|_| Unfit::Form)?;
    judge(&claims, wanted)?;
    Ok(claims)
}

fn decoded(part: &str) -> Result<Vec<u8>, Unfit> {
    BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| Unfit::Form)
}

fn verify(header: &Header, keys: &Keys, signed: &[u8], signature: &[u8]) -> Result<(), Unfit> {
    let rsa: Option<&RsaParameters> = match header.alg.as_str() {
        "RS256" => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        "RS384" => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        "RS512" => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        "PS256" => Some(&signature::RSA_PSS_2048_8192_SHA256),
        "ES256" => None,
        // Without a signature, or with one by the client's secret, which programs confused with a key.
        _ => return Err(Unfit::Algorithm),
    };
    let (kind, curve) = if rsa.is_some() { ("RSA", None) } else { ("EC", Some("P-256")) };
    let fits = |key: &&Key| {
        key.kty == kind
            && (rsa.is_some() || key.crv.as_deref() == curve)
            && key.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
            && key.alg.as_ref().is_none_or(|alg| *alg == header.alg)
            && (header.kid.is_none() || key.kid == header.kid)
    };
    let fitting: Vec<&Key> = keys.keys.iter().filter(fits).collect();
    if fitting.is_empty() {
        return Err(Unfit::Key);
    }
    let good = |key: &&Key| match rsa {
        Some(parameters) => {
            let (Ok(n), Ok(e)) = (decoded(&key.n), decoded(&key.e)) else { return false };
            RsaPublicKeyComponents { n, e }.verify(parameters, signed, signature).is_ok()
        }
        None => {
            let (Ok(x), Ok(y)) = (decoded(&key.x), decoded(&key.y)) else { return false };
            let point = [&[4], &x[..], &y[..]].concat();
            let key = UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point);
            key.verify(signed, signature).is_ok()
        }
    };
    if fitting.iter().any(good) { Ok(()) } else { Err(Unfit::Signature) }
}

fn judge(claims: &Value, wanted: Wanted<'_>) -> Result<(), Unfit> {
    if claims["iss"] != wanted.issuer {
        return Err(Unfit::Issuer);
    }
    let for_us = match &claims["aud"] {
        Value::String(one) => one == wanted.client,
        // Of several, the one it was given to is named.
        Value::Array(all) => {
            all.iter().any(|one| one == wanted.client) && (all.len() == 1 || claims["azp"] == wanted.client)
        }
        _ => false,
    };
    if !for_us || claims.get("azp").is_some_and(|party| party != wanted.client) {
        return Err(Unfit::Audience);
    }
    let second = |name: &str| claims[name].as_f64().map(|at| at as i64);
    let (ends, issued) = second("exp").zip(second("iat")).ok_or(Unfit::Time)?;
    let begins = second("nbf").unwrap_or(issued);
    if ends <= wanted.now - SKEW
        || issued > wanted.now + SKEW
        || begins > wanted.now + SKEW
        || issued < wanted.now - OLDEST
    {
        return Err(Unfit::Time);
    }
    if wanted.nonce.is_empty() || claims["nonce"] != wanted.nonce {
        return Err(Unfit::Nonce);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
