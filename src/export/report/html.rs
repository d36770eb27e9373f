//! The report as one HTML file that loads nothing.

use minijinja::{Environment, Value, context};

use super::{Block, Document};

/// The page; text of intruders is escaped by the engine, since the name ends in `.html`.
pub(super) fn write(document: &Document) -> Result<String, minijinja::Error> {
    let mut engine = Environment::new();
    engine.add_template("report.html", include_str!("report.html"))?;
    let blocks: Vec<Value> = document.blocks.iter().map(block).collect();
    let page = context! { language => document.language.tag(), title => document.title.as_str(), blocks };
    engine.get_template("report.html")?.render(page)
}

fn block(block: &Block) -> Value {
    match block {
        Block::Heading(text) => context! { heading => *text },
        Block::Text(text) => context! { text },
        Block::Facts(facts) => context! { facts },
        Block::Table { head, rows } => {
            let head: Vec<_> = head.iter().map(|(name, _)| *name).collect();
            context! { head, rows }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::content::Language;
    use super::*;

    #[test]
    fn what_an_intruder_sends_is_no_markup() {
        let rows = vec![vec!["<script>alert(1)</script>".to_owned()]];
        let blocks = vec![Block::Table { head: vec![("x", 100)], rows }];
        let page = write(&Document { language: Language::English, title: "t".into(), blocks }).unwrap();
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script"), "{page}");
    }
}
