//! Recorded terminal output, made safe for the terminal of who looks at it.
//!
//! An attacker decides what a decoy prints (`cat` of his own file), so only text, colours, cursor
//! moves and erasing pass. What sets titles, clipboards or keys, or makes a terminal answer as if
//! the analyst had typed (ECMA-48 OSC, DCS, device reports), is left out.

/// A filter that remembers where in an escape sequence the text stopped.
#[derive(Default)]
pub(crate) struct Screen {
    state: State,
    parameters: String,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// After ESC.
    Escape,
    /// After ESC and an intermediate byte (a character set follows).
    Charset,
    /// After CSI.
    Control,
    /// Inside OSC, DCS, PM, APC or SOS, up to its end.
    Discarded,
    /// ESC inside such a string: its end begins.
    Ending,
}

/// Longest parameters that a real program sends.
const PARAMETERS: usize = 32;

/// Final bytes of CSI sequences that only move, erase, scroll or colour (ECMA-48 8.3).
const HARMLESS: &str = "ABCDEFGHIJKLMPSTXZ@`abdefmr";

/// Private modes that may be set: cursor keys, wrap, cursor shown, other screen, bracketed paste.
const MODES: [&str; 6] = ["?1", "?7", "?12", "?25", "?1049", "?2004"];

impl Screen {
    /// The part of `text` that may be shown.
    pub(crate) fn show(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        text.chars().for_each(|c| self.step(c, &mut out));
        out
    }

    fn step(&mut self, c: char, out: &mut String) {
        self.state = match self.state {
            State::Text => text(c, out),
            State::Escape => self.escape(c, out),
            State::Charset => State::Text,
            State::Control => self.control(c, out),
            State::Discarded => discarded(c),
            State::Ending => {
                if c == '\\' {
                    State::Text
                } else {
                    discarded(c)
                }
            }
        };
    }

    fn escape(&mut self, c: char, out: &mut String) -> State {
        match c {
            '[' => {
                self.parameters.clear();
                State::Control
            }
            ']' | 'P' | 'X' | '^' | '_' => State::Discarded,
            ' '..='/' => State::Charset,
            '7' | '8' | 'D' | 'E' | 'M' => {
                out.extend(['\u{1b}', c]);
                State::Text
            }
            '\u{1b}' => State::Escape,
            _ => State::Text,
        }
    }

    fn control(&mut self, c: char, out: &mut String) -> State {
        match c {
            ' '..='?' => {
                if self.parameters.len() < PARAMETERS {
                    self.parameters.push(c);
                }
                State::Control
            }
            '@'..='~' => {
                if self.is_harmless(c) {
                    out.push_str(&format!("\u{1b}[{}{c}", self.parameters));
                }
                State::Text
            }
            _ => State::Text,
        }
    }

    fn is_harmless(&self, last: char) -> bool {
        let plain = self.parameters.len() < PARAMETERS
            && self.parameters.bytes().all(|b| b.is_ascii_digit() || b == b';');
        (plain && HARMLESS.contains(last))
            || (matches!(last, 'h' | 'l') && MODES.contains(&self.parameters.as_str()))
    }
}

fn text(c: char, out: &mut String) -> State {
    match c {
        '\u{1b}' => State::Escape,
        '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => State::Discarded,
        '\r' | '\n' | '\t' | '\u{8}' => {
            out.push(c);
            State::Text
        }
        c if c.is_control() => State::Text,
        c => {
            out.push(c);
            State::Text
        }
    }
}

/// A line feed ends it too, so that a string without an end can't hide all that follows.
fn discarded(c: char) -> State {
    match c {
        '\u{7}' | '\u{9c}' | '\u{18}' | '\u{1a}' | '\n' => State::Text,
        '\u{1b}' => State::Ending,
        _ => State::Discarded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let whole = Screen::default().show(text);
        let mut screen = Screen::default();
        let split: String = text.chars().map(|c| screen.show(&c.to_string())).collect();
        assert_eq!(whole, split, "the same however it is split");
        whole
    }

    #[test]
    fn text_colours_and_moves_pass() {
        for text in
            ["张三 $ ls\r\n", "\u{1b}[1;31mred\u{1b}[0m", "a\u{8}\u{1b}[K", "\u{1b}[?25l\u{1b}[2J\u{1b}[H"]
        {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn what_could_act_on_the_terminal_does_not() {
        assert_eq!(shown("a\u{1b}]0;title\u{7}b"), "ab");
        assert_eq!(shown("a\u{1b}]52;c;aWQK\u{1b}\\b"), "ab");
        assert_eq!(shown("a\u{1b}P$qm\u{1b}\\b"), "ab");
        assert_eq!(shown("a\u{1b}[6nb\u{1b}[cc"), "abc");
        assert_eq!(shown("a\u{1b}[>4;1mb"), "ab");
        assert_eq!(shown("a\u{1b}[?1000hb"), "ab");
        assert_eq!(shown("a\u{7}\u{5}b"), "ab");
        assert_eq!(shown("a\u{1b}]0;hides\nb"), "ab");
        assert_eq!(shown("a\u{1b}cb\u{1b}(0c"), "abc");
    }
}
