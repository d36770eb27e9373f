//! Templates, style and scripts, part of the binary.

use minijinja::{AutoEscape, Environment, State, Value};
use rust_embed::RustEmbed;

use super::pages::local;
use super::words::{Language, word};

/// The files of the site.
#[derive(RustEmbed)]
#[folder = "src/console/site"]
pub(super) struct Site;

/// Reads all templates; an error names the one that is wrong.
pub(super) fn templates() -> Result<Environment<'static>, String> {
    let mut pages = Environment::new();
    pages.set_auto_escape_callback(|_| AutoEscape::Html);
    for name in Site::iter().filter(|name| name.ends_with(".html")) {
        let file = Site::get(&name).ok_or_else(|| format!("{name}: gone"))?;
        let text = String::from_utf8(file.data.into_owned()).map_err(|e| format!("{name}: {e}"))?;
        pages.add_template_owned(name.into_owned(), text).map_err(|e| e.to_string())?;
    }
    pages.add_function("t", |state: &State<'_, '_>, key: String| -> String {
        let tag = state.lookup("lang").map(|tag| tag.to_string()).unwrap_or_default();
        word(Language::named(&tag).unwrap_or_default(), &key).to_owned()
    });
    pages.add_filter("local", |at: String| at.parse().map(local).unwrap_or(at));
    Ok(pages)
}

/// A page with what it shows.
pub(super) fn render(pages: &Environment<'_>, name: &str, context: Value) -> String {
    let rendered = pages.get_template(name).and_then(|page| page.render(context));
    rendered.unwrap_or_else(|error| {
        tracing::error!(%error, name, "a page of the console can't be made");
        String::from("This page can't be shown.")
    })
}

/// A style sheet or script by its name.
pub(super) fn asset(name: &str) -> Option<(&'static str, Vec<u8>)> {
    let kind = match name.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => return None,
    };
    Site::get(name).map(|file| (kind, file.data.into_owned()))
}
