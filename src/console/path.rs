//! The attack path as numbers for an SVG: lanes are decoys by area, the way goes with time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::DecoyHost;
use crate::event::{Severity, line};
use crate::store::SessionRow;

/// Left edge of the time axis: names of decoys stand before it.
const LEFT: i64 = 210;

/// Width of the time axis.
const WIDTH: i64 = 760;

/// Height of a lane.
const LANE: i64 = 34;

/// Above the first lane.
const TOP: i64 = 26;

/// Most sessions drawn; more would be one blot.
const MOST: usize = 120;

/// Areas in the order they are drawn.
const AREAS: [&str; 3] = ["data_centre", "imaging", "laboratory"];

/// The whole drawing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Path {
    width: i64,
    height: i64,
    left: i64,
    right: i64,
    lanes: Vec<Lane>,
    steps: Vec<Step>,
    moves: Vec<Move>,
    marks: Vec<Mark>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Lane {
    host: String,
    area: &'static str,
    /// Whether the area begins here.
    leads: bool,
    y: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Step {
    id: String,
    x: i64,
    y: i64,
    /// Length of the session on the axis.
    length: i64,
    severity: String,
    number: usize,
    label: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Move {
    from: [i64; 2],
    to: [i64; 2],
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Mark {
    x: i64,
    label: String,
}

/// Draws sessions, oldest first; `local` tells a time as people read it.
pub(super) fn draw(
    sessions: &[SessionRow],
    decoys: &[DecoyHost],
    local: impl Fn(Timestamp) -> String,
) -> Option<Path> {
    let sessions = sessions.get(..sessions.len().min(MOST)).unwrap_or_default();
    let (begin, end) = (
        sessions.iter().map(|session| session.opened).min()?,
        sessions.iter().map(|session| session.last).max()?,
    );
    let lanes = lanes(sessions, decoys);
    let span = end.duration_since(begin).as_millis().max(1);
    let x = |at: Timestamp| {
        let share = at.duration_since(begin).as_millis() * i128::from(WIDTH) / span;
        LEFT + i64::try_from(share).unwrap_or(0)
    };
    let y = |host: &str| lanes.iter().find(|lane| lane.host == host).map_or(TOP, |lane| lane.y);
    let steps: Vec<Step> = sessions
        .iter()
        .enumerate()
        .map(|(at, session)| Step {
            id: session.id.to_string(),
            x: x(session.opened),
            y: y(&session.host),
            length: (x(session.last) - x(session.opened)).max(1),
            severity: line::word(&session.severity),
            number: at + 1,
            label: format!(
                "{} {} {} {}",
                local(session.opened),
                session.host,
                session.service,
                session.class
            ),
        })
        .collect();
    let moves = steps.iter().zip(steps.iter().skip(1)).filter(|(from, to)| from.y != to.y);
    let moves = moves.map(|(from, to)| Move { from: [from.x, from.y], to: [to.x, to.y] }).collect();
    let middle = begin + jiff::SignedDuration::from_millis(i64::try_from(span / 2).unwrap_or(0));
    let marks = [begin, middle, end].map(|at| Mark { x: x(at), label: local(at) }).to_vec();
    let height = TOP + LANE * i64::try_from(lanes.len()).unwrap_or(1) + 24;
    Some(Path {
        width: LEFT + WIDTH + 30,
        height,
        left: LEFT,
        right: LEFT + WIDTH,
        lanes,
        steps,
        moves,
        marks,
    })
}

fn lanes(sessions: &[SessionRow], decoys: &[DecoyHost]) -> Vec<Lane> {
    let mut touched: BTreeMap<(usize, String), Severity> = BTreeMap::new();
    for session in sessions {
        let area = area_of(&session.host, decoys);
        let rank = AREAS.iter().position(|known| *known == area).unwrap_or(0);
        let most = touched.entry((rank, session.host.clone())).or_insert(Severity::Info);
        *most = (*most).max(session.severity);
    }
    let mut before = None;
    let mut lanes = Vec::new();
    for ((rank, host), _) in touched {
        let y = TOP + LANE * i64::try_from(lanes.len()).unwrap_or(0) + LANE / 2;
        let area = AREAS.get(rank).copied().unwrap_or_default();
        lanes.push(Lane { host, area, leads: before != Some(rank), y });
        before = Some(rank);
    }
    lanes
}

/// Which part of the hospital a decoy stands for, by what it speaks.
pub(super) fn area_of(host: &str, decoys: &[DecoyHost]) -> &'static str {
    let decoy = decoys.iter().find(|decoy| decoy.name == host);
    let speaks = |protocols: &[&str]| {
        decoy.is_some_and(|decoy| decoy.services.iter().any(|s| protocols.contains(&s.protocol.as_str())))
    };
    // A system that takes messages too is no archive, whatever else it speaks.
    if speaks(&["dicom", "dicom-tls"]) && !speaks(&["mllp"]) {
        "imaging"
    } else if speaks(&["astm", "poct"]) {
        "laboratory"
    } else {
        "data_centre"
    }
}
