//! `http.toml`: what the web server of a host is and how it paces.

use jiff::Timestamp;
use serde::Deserialize;

/// Behaviour of an HTTP service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Behaviour {
    /// Folder of the pack with `static/` and `templates/`.
    pub(crate) site: String,
    /// Product in the `Server` header and on nginx's pages.
    pub(crate) server: String,
    /// Product on the application server's pages.
    pub(crate) application_server: String,
    /// Path of the application, without a slash at its end.
    pub(crate) context: String,
    /// Days that the application has been installed at the least: its files are as old.
    pub(crate) released: Timestamp,
    /// nginx `keepalive_timeout`, seconds.
    pub(crate) keepalive_seconds: u32,
    /// nginx `client_header_timeout` and `client_body_timeout`, seconds.
    pub(crate) read_seconds: u32,
    /// nginx `client_max_body_size`, bytes.
    pub(crate) body_bytes: usize,
    /// How long a login lasts, minutes.
    pub(crate) login_minutes: u32,
    /// Shortest and longest time that the application takes to check a password, milliseconds.
    pub(crate) login_ms: [u64; 2],
    /// Shortest and longest time that the application takes for a page from its database,
    /// milliseconds.
    pub(crate) page_ms: [u64; 2],
    /// The product that the pages show.
    pub(crate) product: Product,
}

/// The application as its pages name it.
#[derive(Debug, Clone, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Product {
    /// Name.
    pub(crate) name: String,
    /// Short name.
    pub(crate) short: String,
    /// Vendor.
    pub(crate) vendor: String,
    /// Version.
    pub(crate) version: String,
    /// First year of the copyright line.
    pub(crate) since: u16,
}
