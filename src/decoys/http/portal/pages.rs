//! Templates, compiled once.

use bytes::Bytes;
use minijinja::{AutoEscape, Environment, Error, Output, State, Value, context};

use super::super::behaviour::{Behaviour, Product};
use super::super::site;
use crate::decoys::Making;
use crate::persona::{Account, Fault};

/// Templates that the application needs.
const NEEDED: [&str; 17] = [
    "login.html",
    "home.html",
    "patients.html",
    "patient.html",
    "lab.html",
    "study.html",
    "orders.html",
    "worklist.html",
    "inpatients.html",
    "password.html",
    "layout.html",
    "grid.html",
    "beds.html",
    "record.html",
    "daily.html",
    "visit.html",
    "receipt.html",
];

/// Instructions that one page may take: far above any real one.
const FUEL: u64 = 20_000_000;

/// All pages of an installation.
pub(crate) struct Pages {
    environment: Environment<'static>,
    common: Value,
    login: Bytes,
}

impl Pages {
    /// Compiles the templates of the site.
    ///
    /// # Errors
    /// A located [`Fault`] of a template that is missing or does not compile.
    pub(crate) fn new(making: &Making, behaviour: &Behaviour) -> Result<Self, Fault> {
        let files = &making.pack.files;
        let folder = format!("{}/{}/templates/", making.host.folder, behaviour.site);
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_formatter(write_value);
        environment.set_fuel(Some(FUEL));
        for path in files.below(&folder) {
            let Some(name) = path.strip_prefix(&folder) else { continue };
            let text = files.text(path)?.to_owned();
            environment.add_template_owned(name.to_owned(), text).map_err(|e| Fault {
                file: files.display(path),
                line: e.line(),
                problem: e.to_string(),
            })?;
        }
        for name in NEEDED {
            if environment.get_template(name).is_err() {
                return Err(Fault::of_file(files.display(&format!("{folder}{name}")), "file is missing"));
            }
        }
        let common = common(making, behaviour, &behaviour.product);
        let mut pages = Pages { environment, common, login: Bytes::new() };
        let file = files.display(&format!("{folder}login.html"));
        pages.login = pages.try_render("login.html", None, context! {}).map_err(|e| Fault {
            file,
            line: e.line(),
            problem: e.to_string(),
        })?;
        Ok(pages)
    }

    /// The login page without a message.
    pub(crate) fn login(&self) -> Bytes {
        self.login.clone()
    }

    /// A page; `None` when its template fails.
    pub(crate) fn render(&self, template: &str, account: Option<&Account>, values: Value) -> Option<Bytes> {
        self.try_render(template, account, values)
            .map_err(|error| tracing::error!(template, %error, "a portal page could not be made"))
            .ok()
    }

    fn try_render(&self, template: &str, account: Option<&Account>, values: Value) -> Result<Bytes, Error> {
        let user = account.map(|a| context! { name => a.name.clone(), full_name => a.full_name.clone() });
        let context = context! { user, ..minijinja::value::merge_maps([values, self.common.clone()]) };
        let page = self.environment.get_template(template)?.render(context)?;
        Ok(page.into())
    }
}

/// Escapes as the page language of Java does (`fn:escapeXml`): a template engine is known by its
/// escapes.
fn write_value(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_none() || value.is_undefined() {
        return Ok(());
    }
    let text = value.to_string();
    if value.is_safe() || matches!(state.auto_escape(), AutoEscape::None) {
        return Ok(out.write_str(&text)?);
    }
    let mut rest = text.as_str();
    while let Some(at) = rest.find(['<', '>', '&', '"', '\'']) {
        let (before, after) = rest.split_at(at);
        out.write_str(before)?;
        let mut characters = after.chars();
        out.write_str(match characters.next() {
            Some('<') => "&lt;",
            Some('>') => "&gt;",
            Some('&') => "&amp;",
            Some('"') => "&#034;",
            _ => "&#039;",
        })?;
        rest = characters.as_str();
    }
    Ok(out.write_str(rest)?)
}

fn common(making: &Making, behaviour: &Behaviour, product: &Product) -> Value {
    let hospital = &making.pack.hospital;
    let installation = &making.pack.installation;
    context! {
        hospital => hospital.name.clone(),
        hospital_en => hospital.name_en.clone(),
        context => behaviour.context.clone(),
        product => product.name.clone(),
        short => product.short.clone(),
        vendor => product.vendor.clone(),
        version => product.version.clone(),
        since => product.since,
        until => behaviour.released.to_zoned(jiff::tz::TimeZone::UTC).year(),
        build => site::build(installation),
        server_name => making.host.hostname.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_java_pages() {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_formatter(write_value);
        let page = environment.render_str("{{ a }}|{{ b }}|{{ c }}", context! { a => "</a>\"'&", b => 7 });
        assert_eq!(page.unwrap(), "&lt;/a&gt;&#034;&#039;&amp;|7|");
    }
}
