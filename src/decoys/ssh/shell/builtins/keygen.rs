//! `ssh-keygen`: a key pair is made, kept in the intruder's files and drawn, as on Debian 12.

use rand::Rng;
use russh::keys::ssh_key::LineEnding;

use crate::decoys::ssh::keygen::{RSA_BITS, described, fingerprint, make, picture, read};
use crate::decoys::ssh::shell::run::{Io, Run};

/// Fewest bits of an RSA key.
const FEWEST: usize = 1024;

/// What is asked.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    kind: String,
    bits: usize,
    file: Option<String>,
    /// Whether a passphrase was given, so that none is asked for.
    phrase: bool,
    comment: Option<String>,
    quiet: bool,
    shows: Shows,
}

/// What of a key is shown instead of making one.
#[derive(Debug, PartialEq, Eq)]
enum Shows {
    Nothing,
    Print { drawn: bool },
    Public,
}

impl Wish {
    /// Reads the arguments.
    ///
    /// # Errors
    /// What the program says of the first that it does not know.
    fn read(arguments: &[String]) -> Result<Self, String> {
        let mut wish = Wish {
            kind: "rsa".into(),
            bits: RSA_BITS,
            file: None,
            phrase: false,
            comment: None,
            quiet: false,
            shows: Shows::Nothing,
        };
        let (mut print, mut drawn) = (false, false);
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
                return Err("Too many arguments.\n".to_owned());
            };
            for (at, letter) in letters.char_indices() {
                let mut value = || match letters.get(at + letter.len_utf8()..) {
                    Some("") | None => words.next().cloned(),
                    Some(rest) => Some(rest.to_owned()),
                };
                match letter {
                    'q' => wish.quiet = true,
                    'l' => print = true,
                    'v' => drawn = true,
                    'y' => wish.shows = Shows::Public,
                    't' | 'b' | 'f' | 'N' | 'C' | 'E' | 'm' | 'a' | 'O' | 'P' => {
                        let Some(value) = value() else {
                            return Err(format!("option requires an argument -- {letter}\n"));
                        };
                        wish.take(letter, value)?;
                        break;
                    }
                    _ => return Err(format!("unknown option -- {letter}\n")),
                }
            }
        }
        if print {
            wish.shows = Shows::Print { drawn };
        }
        Ok(wish)
    }

    fn take(&mut self, letter: char, value: String) -> Result<(), String> {
        match letter {
            't' => self.kind = value.to_ascii_lowercase(),
            'b' => match value.parse() {
                Ok(bits) => self.bits = bits,
                Err(_) => return Err(format!("Invalid number of bits: {value}\n")),
            },
            'f' => self.file = Some(value),
            'N' => self.phrase = true,
            'C' => self.comment = Some(value),
            _ => {}
        }
        Ok(())
    }

    fn file(&self, home: &str) -> String {
        self.file.clone().unwrap_or_else(|| format!("{home}/.ssh/id_{}", self.kind))
    }
}

impl Run<'_> {
    pub(in crate::decoys::ssh::shell) async fn keygen(&mut self, rest: &[String], io: &Io) -> i32 {
        let wish = match Wish::read(rest) {
            Ok(wish) => wish,
            Err(why) => {
                self.error(io, &why).await;
                return 255;
            }
        };
        match wish.shows {
            Shows::Nothing => self.new_key(&wish, io).await,
            Shows::Print { .. } | Shows::Public => self.shown_key(&wish, io).await,
        }
    }

    async fn new_key(&mut self, wish: &Wish, io: &Io) -> i32 {
        if !matches!(wish.kind.as_str(), "rsa" | "ecdsa" | "ed25519") {
            self.error(io, &format!("unknown key type {}\n", wish.kind)).await;
            return 255;
        }
        if wish.kind == "rsa" && wish.bits < FEWEST {
            self.error(io, &format!("Invalid RSA key length: minimum is {FEWEST} bits\n")).await;
            return 255;
        }
        if !wish.quiet {
            self.out(io, &format!("Generating public/private {} key pair.\n", wish.kind)).await;
        }
        let Some(file) = self.place_for_key(wish, io).await else { return 1 };
        if !wish.phrase {
            self.new_phrase(io).await;
        }
        let own = || format!("{}@{}", self.shell.account.name, self.shell.site.host.hostname);
        let comment = wish.comment.clone().unwrap_or_else(own);
        let (mut seed, turn) = ([0; 32], self.shell.random());
        self.shell.session.rng(&format!("ssh/keygen/{turn}")).fill_bytes(&mut seed);
        let made = self.shell.session.heavy(|| {
            let key = make(&wish.kind, wish.bits, seed, &comment)?;
            Some((key.to_openssh(LineEnding::LF).ok()?.to_string(), key.public_key().clone()))
        });
        let Some((private, public)) = made else { return 255 };
        let line = format!("{}\n", public.to_openssh().unwrap_or_default());
        if let Err(why) = self.keep_key(&file, &private, &line) {
            self.error(io, &format!("Saving key \"{file}\" failed: {why}\n")).await;
            return 1;
        }
        if !wish.quiet {
            let told = format!(
                "Your identification has been saved in {file}\nYour public key has been saved in {file}.pub\nThe key fingerprint is:\n{} {comment}\nThe key's randomart image is:\n{}",
                fingerprint(&public),
                picture(&public)
            );
            self.out(io, &told).await;
        }
        0
    }

    /// Asks where the key shall be, if that is not said, and whether what is there may go.
    async fn place_for_key(&mut self, wish: &Wish, io: &Io) -> Option<String> {
        let home = self.shell.account.home.clone();
        let mut file = wish.file(&home);
        if wish.file.is_none() {
            self.out(io, &format!("Enter file in which to save the key ({file}): ")).await;
            let typed = self.read_line(io).await.unwrap_or_default();
            if !typed.trim().is_empty() {
                file = typed.trim().to_owned();
            }
        }
        let folder = format!("{home}/.ssh");
        if self.shell.path(&file).starts_with(&format!("{folder}/")) && self.shell.fs.stat(&folder).is_err() {
            self.shell.fs.make_directory(&folder).ok()?;
            let _ = self.shell.fs.change(&folder, |node| node.mode = 0o700);
            if !wish.quiet {
                self.out(io, &format!("Created directory '{folder}'.\n")).await;
            }
        }
        if self.shell.fs.stat(&self.shell.path(&file)).is_ok() {
            self.out(io, &format!("{file} already exists.\nOverwrite (y/n)? ")).await;
            let typed = self.read_line(io).await.unwrap_or_default();
            return typed.starts_with(['y', 'Y']).then_some(file);
        }
        Some(file)
    }

    /// Asks for a passphrase until he types the same twice.
    async fn new_phrase(&mut self, io: &Io) {
        loop {
            let mut typed = Vec::new();
            for prompt in ["Enter passphrase (empty for no passphrase): ", "Enter same passphrase again: "] {
                self.out(io, prompt).await;
                self.echo(false);
                typed.push(self.read_line(io).await);
                self.echo(true);
                self.out(io, "\n").await;
            }
            if typed.windows(2).all(|pair| pair.first() == pair.last()) {
                return;
            }
            self.out(io, "Passphrases do not match.  Try again.\n").await;
        }
    }

    fn keep_key(&mut self, file: &str, private: &str, public: &str) -> Result<(), String> {
        let path = self.shell.path(file);
        let kept = self
            .shell
            .fs
            .write(&path, private.as_bytes(), false)
            .and_then(|_| self.shell.fs.write(&format!("{path}.pub"), public.as_bytes(), false));
        kept.map_err(|errno| errno.to_string())?;
        let _ = self.shell.fs.change(&path, |node| node.mode = 0o600);
        Ok(())
    }

    async fn shown_key(&mut self, wish: &Wish, io: &Io) -> i32 {
        let home = self.shell.account.home.clone();
        let file = wish.file(&home);
        let bytes = match self.shell.fs.read(&self.shell.path(&file)) {
            Ok(bytes) => bytes,
            Err(errno) => {
                let who = if wish.shows == Shows::Public { "" } else { "ssh-keygen: " };
                self.error(io, &format!("{who}{file}: {errno}\n")).await;
                return 255;
            }
        };
        let Some(key) = read(&String::from_utf8_lossy(&bytes)) else {
            self.error(io, &format!("{file} is not a public key file.\n")).await;
            return 255;
        };
        let text = match wish.shows {
            Shows::Public => format!("{}\n", key.to_openssh().unwrap_or_default()),
            Shows::Print { drawn: true } => format!("{}\n{}", described(&key), picture(&key)),
            Shows::Print { drawn: false } | Shows::Nothing => format!("{}\n", described(&key)),
        };
        self.out(io, &text).await;
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_with_their_values() {
        let read = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            Wish::read(&words)
        };
        let wish = read("-qt ed25519 -f/tmp/k -N x -C me@h").unwrap();
        assert_eq!((wish.kind.as_str(), wish.file.as_deref()), ("ed25519", Some("/tmp/k")));
        assert!(wish.quiet && wish.phrase && wish.comment.as_deref() == Some("me@h"));
        assert_eq!(read("-lvf k").unwrap().shows, Shows::Print { drawn: true });
        assert_eq!(read("-y").unwrap().shows, Shows::Public);
        assert_eq!(read("extra").unwrap_err(), "Too many arguments.\n");
        assert_eq!(read("-t").unwrap_err(), "option requires an argument -- t\n");
    }
}
