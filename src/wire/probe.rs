//! What scanners send to any port, whatever it speaks.

/// Names the protocol that the first bytes belong to, when it is one that scanners try everywhere.
pub fn means(first: &[u8]) -> Option<&'static str> {
    const HTTP: [&[u8]; 4] = [b"GET ", b"POST ", b"HEAD ", b"OPTIONS "];
    if HTTP.iter().any(|method| first.starts_with(method)) {
        Some("http-request")
    } else if first.starts_with(&[0x16, 0x03]) {
        Some("tls-hello")
    } else if first.starts_with(b"SSH-") {
        Some("ssh-banner")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_probes_are_named_and_others_not() {
        assert_eq!(means(b"GET / HTTP/1.0\r\n"), Some("http-request"));
        assert_eq!(means(&[0x16, 0x03, 0x01]), Some("tls-hello"));
        assert_eq!(means(b"SSH-2.0-x"), Some("ssh-banner"));
        assert_eq!(means(b"GETTING"), None);
        assert_eq!(means(b""), None);
    }
}
