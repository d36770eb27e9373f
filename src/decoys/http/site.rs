//! The files of a site, as a web server finds them on its disk.

use jiff::{SignedDuration, Timestamp};
use minijinja::{Environment, context};
use sha2::{Digest, Sha256};

use super::behaviour::Behaviour;
use super::favicon;
use super::statics::Statics;
use crate::decoys::Making;
use crate::persona::{Fault, Installation};

/// An installation may be this much older than the release date of its behaviour file, in seconds.
const MOST_OLDER: u64 = 90 * 86_400;
/// A release's files were made within this many seconds.
const BUILD_SPREAD: u64 = 600;

/// Colours that a vendor's themes have: each installation has one.
const ACCENTS: [&str; 8] =
    ["#1a73b8", "#0f7fa8", "#2468a2", "#1b7f8c", "#2b6cb0", "#17709b", "#2a5f9e", "#146c94"];

/// The theme's colour of this installation.
pub(crate) fn accent(installation: &Installation) -> &'static str {
    let count = u64::try_from(ACCENTS.len()).unwrap_or(1);
    let index = installation.number("http/accent", count);
    usize::try_from(index).ok().and_then(|i| ACCENTS.get(i).copied()).unwrap_or("#1a73b8")
}

/// A mark of the build that pages put behind their links to files.
pub(crate) fn build(installation: &Installation) -> String {
    installation.fill("http/build", "{8x}")
}

/// Collects the static files; style sheets take the installation's colour.
///
/// # Errors
/// A [`Fault`] of a style sheet that can't be filled in.
pub(crate) fn statics(making: &Making, behaviour: &Behaviour) -> Result<Statics, Fault> {
    let installation = &making.pack.installation;
    let files = &making.pack.files;
    let folder = format!("{}/{}/static/", making.host.folder, behaviour.site);
    let older = installation.number("http/age", MOST_OLDER);
    let installed = before(behaviour.released, older);
    let mut statics = Statics::default();
    let mut any = false;
    for path in files.below(&folder) {
        let Some(name) = path.strip_prefix(&folder) else { continue };
        any = true;
        let body = if name.ends_with(".css") {
            let text = files.text(path)?;
            themed(text, installation).map_err(|e| Fault::of_file(files.display(path), e))?.into_bytes()
        } else {
            files.get(path).unwrap_or_default().to_vec()
        };
        let modified = before(installed, spread(name));
        statics.add(&format!("{}/static/{name}", behaviour.context), body, modified);
    }
    if !any {
        return Err(Fault::of_file(files.display(&folder), "expected at least one file below this folder"));
    }
    let icon = favicon::ico(installation, accent(installation));
    statics.add("/favicon.ico", icon, before(installed, spread("favicon.ico")));
    Ok(statics)
}

fn themed(text: &str, installation: &Installation) -> Result<String, String> {
    let filled = Environment::new().render_str(text, context! { accent => accent(installation) });
    filled.map_err(|e| e.to_string())
}

fn before(at: Timestamp, seconds: u64) -> Timestamp {
    let seconds = i64::try_from(seconds).unwrap_or(0);
    at.saturating_sub(SignedDuration::from_secs(seconds)).unwrap_or(at)
}

/// The same file is equally old everywhere: its vendor built it once.
fn spread(name: &str) -> u64 {
    let hash: [u8; 32] = Sha256::digest(name.as_bytes()).into();
    let [a, b, ..] = hash;
    u64::from(u16::from_be_bytes([a, b])) % BUILD_SPREAD
}
