//! Nothing an intruder types may end the process.

use proptest::prelude::*;

use super::stand_in::{run, shell};
use crate::decoys::ssh::shell::{parser, regex::Regex};

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "echo",
        "a",
        "$x",
        "${x:-y}",
        "$(",
        ")",
        "((",
        "))",
        "`",
        "'",
        "\"",
        "|",
        "||",
        "&&",
        ";",
        "&",
        "\n",
        "<<E",
        "E\n",
        ">",
        "<",
        "2>&1",
        "if",
        "then",
        "fi",
        "for",
        "in",
        "do",
        "done",
        "while",
        "case",
        "esac",
        "{",
        "}",
        "!",
        "[[",
        "]]",
        "*",
        "?",
        "[a-z]",
        "\\",
        "#",
        "~",
        "=",
        "x=1",
        "f()",
        "1+2",
        "awk '{print $1}'",
        "sed s/a/b/",
        "cat",
        " ",
        " ",
        " ",
        "患者",
        "\0",
        "true",
        "false",
        "break",
        "exit 3",
        "{1..3}",
        "$((1/0))",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|p| p.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_parsed_or_refused(text in ".{0,200}") {
        let _ = parser::parse(&text);
    }

    #[test]
    fn any_line_runs_to_an_end(line in pieces()) {
        let (mut shell, _) = shell();
        let _ = run(&mut shell, &line, &["typed\n"]);
    }

    #[test]
    fn any_pattern_is_matched_in_bounds(pattern in "[a-c().*+?|\\[\\]{}^$\\\\1-9,]{0,24}", text in "[a-c]{0,60}") {
        if let Ok(regex) = Regex::new(&pattern, true, false) {
            let _ = regex.is_match(&text);
        }
    }
}

#[test]
fn an_endless_loop_hangs_in_virtual_time_only() {
    let (mut shell, _) = shell();
    assert_eq!(run(&mut shell, "while true; do :; done", &[]).2, 137);
    assert_eq!(run(&mut shell, "f() { f; }; f", &[]).2, 1);
}

#[test]
fn deep_nesting_is_refused() {
    for open in ["(", "$(", "{ ", "if ", "\"$(", "${x:-"] {
        let _ = parser::parse(&open.repeat(5_000));
    }
}
