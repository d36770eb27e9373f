//! Pictures of the images that went out to an intruder. They are drawn anew from the honeynet's own world
//! by the code that drew them for him; nothing that anybody sent is ever a picture here, so that no real
//! patient can be seen.

use serde::Serialize;

/// Most pictures on one page.
pub(super) const PICTURES: usize = 24;

/// Says what an instance of the world is, by its SOP Instance UID.
pub type Describe = Box<dyn Fn(&str) -> Option<Described> + Send + Sync>;

/// Draws an instance of the world as a small PNG file.
pub type Draw = Box<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync>;

/// What the rest of the appliance knows of images.
pub struct Gallery {
    /// What an instance is; none when it is not the world's.
    pub describe: Describe,
    /// Its picture; none when it is not the world's.
    pub draw: Draw,
}

/// What an instance is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Described {
    /// SOP Instance UID.
    pub instance: String,
    /// Modality, as in (0008,0060).
    pub modality: String,
    /// Description of its study.
    pub study: String,
    /// Number of its series, and its own.
    pub numbers: (u32, u32),
    /// The invented patient's name.
    pub patient: String,
}

impl Gallery {
    /// The first instances that are the world's, each once, and how many there are in all.
    pub(super) fn of<'u>(&self, uids: impl Iterator<Item = &'u str>) -> (Vec<Described>, usize) {
        let mut seen = std::collections::BTreeSet::new();
        let (mut first, mut count) = (Vec::new(), 0);
        for uid in uids.filter(|uid| is_uid(uid)) {
            if !seen.insert(uid) {
                continue;
            }
            // Those past a page's are counted as they come: the world has made their names.
            let described = if first.len() < PICTURES { (self.describe)(uid) } else { None };
            count += usize::from(described.is_some() || first.len() >= PICTURES);
            first.extend(described);
        }
        (first, count)
    }
}

/// Whether it has the form of a UID (PS3.5 section 9.1).
pub(super) fn is_uid(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit() || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_image_of_the_world_is_shown_once() {
        let described = |uid: &str| Described {
            instance: uid.to_owned(),
            modality: "CT".into(),
            study: String::new(),
            numbers: (1, 1),
            patient: String::new(),
        };
        let gallery = Gallery {
            describe: Box::new(move |uid| uid.starts_with("1.2.").then(|| described(uid))),
            draw: Box::new(|_| None),
        };
        let (found, count) = gallery.of(["1.2.3", "9.9", "../x", "1.2.3", "1.2.4"].into_iter());
        assert_eq!((found.len(), count), (2, 2));
        let many: Vec<String> = (0..100).map(|n| format!("1.2.{n}")).collect();
        let (found, count) = gallery.of(many.iter().map(String::as_str));
        assert_eq!((found.len(), count), (PICTURES, 100));
    }
}
