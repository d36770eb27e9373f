//! The screen on which somebody logs on: what it shows, and what keys and clicks do to it.

mod canvas;
mod classic;
mod glyphs;
mod welcome;

pub(super) use canvas::{Band, Rect};

use serde::Deserialize;

use self::canvas::Shape;
use super::capabilities::Screen;
use super::input::{Event, Keyboard, Stroke};

/// Most characters of a field.
const MAX_FIELD: usize = 128;

/// Which screen a Windows shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// The dialog of Windows XP and before.
    Classic,
    /// The screen of Windows 7.
    Welcome,
}

/// `[logon]`: what the screen says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Which screen.
    pub style: Style,
    /// The product as the screen names it.
    pub product: String,
    /// Title of the dialog.
    pub title: String,
    /// The field of the account.
    pub user: String,
    /// The field of the password.
    pub password: String,
    /// The button that logs on, or goes on.
    pub accept: String,
    /// The button that leaves.
    pub cancel: String,
    /// The button for more, or for another account.
    pub more: String,
    /// Title of messages.
    pub message: String,
    /// What is shown while a password is looked at.
    pub busy: String,
    /// The password was wrong.
    pub wrong: String,
    /// The account may not log on in this way.
    pub denied: String,
}

impl Words {
    /// All that is written with them.
    fn all(&self) -> [&str; 11] {
        [
            &self.product,
            &self.title,
            &self.user,
            &self.password,
            &self.accept,
            &self.cancel,
            &self.more,
            &self.message,
            &self.busy,
            &self.wrong,
            &self.denied,
        ]
    }

    /// The first character that there is no letter for.
    pub(super) fn unwritable(&self) -> Option<char> {
        self.all().into_iter().flat_map(str::chars).find(|c| !glyphs::has(*c))
    }
}

/// What is on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// The fields.
    Form,
    /// A password is looked at.
    Busy,
    /// It was wrong.
    Wrong,
    /// The account may not log on.
    Denied,
}

/// Which field takes what is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Focus {
    User,
    Password,
}

/// What an event leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nothing to be seen.
    Nothing,
    /// This part of the screen has changed.
    Changed(Rect),
    /// Somebody wants in.
    Attempt,
    /// He leaves.
    Leave,
}

/// Where things stand, for drawing and for clicks.
pub(super) struct Layout {
    pub(super) user: Rect,
    pub(super) password: Rect,
    pub(super) accept: Rect,
    pub(super) cancel: Rect,
    /// All that changes when a message comes or goes.
    pub(super) all: Rect,
    /// The button of a message.
    pub(super) dismiss: Rect,
}

/// One screen.
pub(super) struct Logon {
    words: Words,
    screen: Screen,
    pub(super) user: String,
    pub(super) password: String,
    focus: Focus,
    pub(super) view: View,
    keyboard: Keyboard,
}

impl Logon {
    pub(super) fn new(words: &Words, screen: Screen, user: &str) -> Self {
        let user: String = user.chars().take(MAX_FIELD).collect();
        Logon {
            words: words.clone(),
            screen,
            focus: if user.is_empty() { Focus::User } else { Focus::Password },
            user,
            password: String::new(),
            view: View::Form,
            keyboard: Keyboard::default(),
        }
    }

    /// The whole screen.
    pub(super) fn whole(&self) -> Rect {
        Rect { x: 0, y: 0, width: self.screen.width, height: self.screen.height }
    }

    /// Shows something else; gives the part that has changed.
    pub(super) fn show(&mut self, view: View) -> Rect {
        self.view = view;
        if view == View::Form {
            self.password.clear();
            self.focus = Focus::Password;
        }
        match self.words.style {
            Style::Classic => self.layout().all,
            Style::Welcome => self.whole(),
        }
    }

    /// Takes one event.
    pub(super) fn take(&mut self, event: Event) -> Outcome {
        if let Event::Click(x, y) = event {
            return self.click(x, y);
        }
        let Some(stroke) = self.keyboard.take(event) else { return Outcome::Nothing };
        match self.view {
            View::Busy => Outcome::Nothing,
            View::Wrong | View::Denied => match stroke {
                Stroke::Enter | Stroke::Escape | Stroke::Type(' ') => Outcome::Changed(self.show(View::Form)),
                Stroke::Type(_) | Stroke::Tab | Stroke::Erase => Outcome::Nothing,
            },
            View::Form => self.stroke(stroke),
        }
    }

    fn stroke(&mut self, stroke: Stroke) -> Outcome {
        let field = match self.focus {
            Focus::User => &mut self.user,
            Focus::Password => &mut self.password,
        };
        match stroke {
            Stroke::Type(c) if field.chars().count() < MAX_FIELD => field.push(c),
            Stroke::Type(_) => return Outcome::Nothing,
            Stroke::Erase => drop(field.pop()),
            Stroke::Enter => return Outcome::Attempt,
            Stroke::Escape => match self.words.style {
                Style::Classic => return Outcome::Leave,
                Style::Welcome => self.password.clear(),
            },
            Stroke::Tab => {
                self.focus = if self.focus == Focus::User { Focus::Password } else { Focus::User };
                let Layout { user, password, .. } = self.layout();
                return Outcome::Changed(user.around(password));
            }
        }
        Outcome::Changed(match self.focus {
            Focus::User => self.layout().user,
            Focus::Password => self.layout().password,
        })
    }

    fn click(&mut self, x: u16, y: u16) -> Outcome {
        let layout = self.layout();
        match self.view {
            View::Busy => Outcome::Nothing,
            View::Wrong | View::Denied if layout.dismiss.holds(x, y) => {
                Outcome::Changed(self.show(View::Form))
            }
            View::Wrong | View::Denied => Outcome::Nothing,
            View::Form if layout.accept.holds(x, y) => Outcome::Attempt,
            View::Form if layout.cancel.holds(x, y) && self.words.style == Style::Classic => Outcome::Leave,
            View::Form => {
                self.focus = match (layout.user.holds(x, y), layout.password.holds(x, y)) {
                    (true, _) => Focus::User,
                    (_, true) => Focus::Password,
                    _ => return Outcome::Nothing,
                };
                Outcome::Changed(layout.user.around(layout.password))
            }
        }
    }

    fn layout(&self) -> Layout {
        match self.words.style {
            Style::Classic => classic::layout(self.screen),
            Style::Welcome => welcome::layout(self.screen),
        }
    }

    /// What is to be drawn, from back to front.
    fn shapes(&self) -> Vec<Shape> {
        match self.words.style {
            Style::Classic => classic::shapes(self, &self.layout()),
            Style::Welcome => welcome::shapes(self, &self.layout()),
        }
    }

    /// Draws a part of the screen.
    pub(super) fn draw(&self, part: Rect) -> Band {
        let mut band = Band::new(part);
        self.shapes().iter().for_each(|shape| band.draw(shape));
        band
    }

    /// The password as it is shown.
    fn hidden(&self) -> String {
        "●".repeat(self.password.chars().count())
    }

    /// The message that is shown, if any.
    fn message(&self) -> Option<&str> {
        match self.view {
            View::Form | View::Busy => None,
            View::Wrong => Some(&self.words.wrong),
            View::Denied => Some(&self.words.denied),
        }
    }
}
