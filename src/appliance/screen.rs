//! The text screen: the machine's own screen and its serial line show the same; whoever types first is
//! heard. The screen has no Chinese letters, so there it speaks English.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::answers::Language;

/// Longest line that is heard.
const LINE_MAX: usize = 1024;

/// The faces: the first virtual terminal and the first serial line.
const FACES: [(&str, bool); 2] = [("/dev/tty1", false), ("/dev/ttyS0", true)];

/// A sentence in both languages.
#[derive(Debug, Clone)]
pub struct Words {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

/// Both languages of a sentence.
pub fn words(en: impl Into<String>, zh: impl Into<String>) -> Words {
    Words { en: en.into(), zh: zh.into() }
}

/// The same in both languages.
pub fn plain(text: impl Into<String>) -> Words {
    let text = text.into();
    Words { zh: text.clone(), en: text }
}

struct Face {
    out: File,
    has_chinese: bool,
}

/// All faces together.
pub struct Screen {
    faces: Vec<Face>,
    lines: Receiver<String>,
    /// Language of the faces that have its letters.
    pub language: Language,
}

impl Screen {
    /// Opens the faces that this machine has.
    pub fn open() -> Self {
        let (heard, lines) = channel();
        let faces = FACES.iter().filter_map(|(path, has_chinese)| face(path, *has_chinese, heard.clone()));
        Screen { faces: faces.collect(), lines, language: Language::En }
    }

    /// Shows a line.
    pub fn say(&mut self, words: &Words) {
        self.show(words, "\n");
    }

    /// Asks, and waits for a line however long it takes.
    pub fn ask(&mut self, question: &Words) -> String {
        self.show(question, " ");
        match self.lines.recv() {
            Ok(line) => line,
            // Nobody can type on this machine.
            Err(_) => loop {
                std::thread::park();
            },
        }
    }

    /// A line that was typed by now, or within `limit`.
    pub fn typed(&self, limit: Duration) -> Option<String> {
        match self.lines.recv_timeout(limit) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                std::thread::sleep(limit);
                None
            }
        }
    }

    fn show(&mut self, words: &Words, end: &str) {
        for face in &mut self.faces {
            let text = if face.has_chinese && self.language == Language::Zh { &words.zh } else { &words.en };
            // A serial line that nobody listens to may fail; that stops nothing.
            let _ = write!(face.out, "{text}{end}");
        }
    }
}

fn face(path: &str, has_chinese: bool, heard: Sender<String>) -> Option<Face> {
    let out = OpenOptions::new().write(true).open(path).ok()?;
    let input = File::open(path).ok()?;
    std::thread::Builder::new().name("screen".into()).spawn(move || listen(input, &heard)).ok()?;
    Some(Face { out, has_chinese })
}

fn listen(input: File, heard: &Sender<String>) {
    let mut input = BufReader::with_capacity(LINE_MAX, input);
    let mut line = Vec::new();
    loop {
        line.clear();
        match input.read_until(b'\n', &mut line) {
            // A serial port that is not there reads as an end or an error.
            Ok(0) | Err(_) => return,
            Ok(_) => {
                line.truncate(LINE_MAX);
                let text = String::from_utf8_lossy(&line).trim().to_owned();
                if heard.send(text).is_err() {
                    return;
                }
            }
        }
    }
}
