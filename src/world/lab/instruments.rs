//! The laboratory's instruments, with serial numbers of this installation, and which of them
//! measures what.

use super::{Draw, Tube};
use crate::world::dice::{Dice, Key, Purpose};
use crate::world::tables::analysers::{ANALYSERS, Row};
use crate::world::tables::panels::Panel;
use crate::world::time::Day;
use crate::world::{Instrument, Run, World};

/// The first of the world's days after the last instrument was installed.
const INSTALLED_BEFORE: i32 = -60;

/// Years over which they were bought.
const BOUGHT_OVER: u32 = 7 * 365;

/// Racks in use.
const RACKS: u64 = 90;

/// All instruments.
#[derive(Debug)]
pub(in crate::world) struct Instruments {
    all: Vec<Instrument>,
}

impl Instruments {
    /// Draws serial numbers and days of purchase.
    pub(in crate::world) fn new(key: Key) -> Instruments {
        Instruments { all: ANALYSERS.iter().enumerate().map(|(i, row)| instrument(key, i, row)).collect() }
    }

    /// All of them, in the order of their table.
    pub(in crate::world) fn all(&self) -> &[Instrument] {
        &self.all
    }

    /// Place of an instrument by its code.
    pub(in crate::world) fn place(&self, code: &str) -> Option<usize> {
        self.all.iter().position(|instrument| instrument.code == code)
    }
}

impl World {
    /// Place of the instrument that measures a tube: of those that run its panel, one of the
    /// laboratory that it was sent to; numbers go round them.
    pub(in crate::world) fn instrument_of(&self, tube: &Tube) -> usize {
        let emergency = tube.course.draw == Draw::Emergency;
        let runs = |row: &Row| row.panels.iter().any(|panel: &&Panel| panel.code == tube.panel.code);
        let all = || ANALYSERS.iter().enumerate().filter(|(_, row)| runs(row));
        let near = || all().filter(|(_, row)| row.emergency == emergency);
        let turn = tube.course.key.number as usize;
        let (mut near, count) = (near(), near().count());
        let chosen = if count > 0 { near.nth(turn % count) } else { all().nth(turn % all().count().max(1)) };
        chosen.map_or(0, |(place, _)| place)
    }

    /// The run of a tube that was measured.
    pub(in crate::world) fn run_of(&self, tube: &Tube) -> Run {
        let place = self.instrument_of(tube);
        let draw = self.key.hash(Purpose::Instrument, tube.course.key.salt(), place as u64);
        Run {
            instrument: ANALYSERS[place].code.to_owned(),
            rack: (draw % RACKS) as u32 + 1,
            position: (draw / RACKS % 10) as u32 + 1,
        }
    }
}

fn instrument(key: Key, index: usize, row: &Row) -> Instrument {
    let mut dice = key.dice(Purpose::Instrument, index as u64, 0);
    let installed = Day(INSTALLED_BEFORE).plus(-(dice.below(BOUGHT_OVER) as i32));
    Instrument {
        code: row.code.to_owned(),
        discipline: row.discipline,
        manufacturer: row.manufacturer.to_owned(),
        model: row.model.to_owned(),
        serial: serial(row.serial, &mut dice),
        software: row.software.to_owned(),
        place: row.place.to_owned(),
        installed: installed.date(),
        panels: row.panels.iter().map(|panel| panel.code).collect(),
        items: row.panels.iter().flat_map(|panel| panel.items.iter().map(|item| &item.item)).collect(),
    }
}

fn serial(pattern: &str, dice: &mut Dice) -> String {
    let fill = |c| match c {
        '#' => char::from(b'0' + dice.below(10) as u8),
        '@' => char::from(b'A' + dice.below(26) as u8),
        c => c,
    };
    pattern.chars().map(fill).collect()
}
