//! Messages of analysers: results, and the question which tests a specimen is for.

use jiff::Timestamp;

use super::super::download::frames;
use super::super::frame::encode;
use super::super::record::Writer;
use super::Analyser;
use super::behaviour::{Frames, Style};
use crate::world::{Flag, LabOrder, LabResult, Sex, View};

/// Places of a barcode in a Sysmex sample number.
const BARCODE: usize = 22;

/// The message with an order's results, as frames.
pub(super) fn results(analyser: &Analyser, view: &View, order: &LabOrder) -> Vec<Vec<u8>> {
    let mut w = Writer::default();
    let style = analyser.behaviour.style;
    header(analyser, view, "RSUPL^REAL", &mut w);
    patient(style, view, order, &mut w);
    match style {
        Style::Sysmex => sysmex_order(analyser, order, &mut w),
        Style::Cobas => cobas_order(analyser, view, order, &mut w),
    }
    for (at, result) in order.results.iter().enumerate() {
        one_result(analyser, view, order, (at + 1, result), &mut w);
    }
    w.record("L").put(2, &["1"]).put(3, &["N"]);
    framed(analyser, w)
}

/// The question for the tests of a specimen, as frames.
pub(super) fn query(analyser: &Analyser, view: &View, order: &LabOrder) -> Vec<Vec<u8>> {
    let mut w = Writer::default();
    header(analyser, view, "TSREQ^REAL", &mut w);
    let (rack, position) = place(order);
    let w_q = w.record("Q").put(2, &["1"]);
    match analyser.behaviour.style {
        Style::Sysmex => {
            w_q.put(3, &[&rack, &position, &padded(&order.specimen), "B"]).put(6, &["0"]).put(13, &["N"])
        }
        Style::Cobas => w_q
            .put(3, &["", "", &order.specimen, "0", &rack, &position, "", "S1", "SC"])
            .put(5, &["ALL"])
            .put(13, &["O"]),
    };
    w.record("L").put(2, &["1"]).put(3, &["N"]);
    framed(analyser, w)
}

/// H, E1394 6.
fn header(analyser: &Analyser, view: &View, purpose: &str, w: &mut Writer) {
    let instrument = &analyser.instrument;
    let w = w.header();
    match analyser.behaviour.style {
        Style::Sysmex => {
            let sender: [&str; 7] =
                [&instrument.model, &instrument.software, &instrument.serial, "", "", "", &instrument.code];
            w.put(5, &sender).put(13, &["E1394-97"])
        }
        Style::Cobas => {
            let purpose: Vec<&str> = purpose.split('^').collect();
            let model = instrument.model.replace(' ', "-");
            w.put(5, &[&model, "1"]).put(10, &["host"]).put(11, &purpose).put(12, &["P"]).put(13, &["1"])
        }
    };
    if analyser.behaviour.style == Style::Cobas {
        w.put(14, &[&stamp(view, view.now())]);
    }
}

/// P, E1394 7. A cobas says no more of a patient than sex and age.
fn patient(style: Style, view: &View, order: &LabOrder, w: &mut Writer) {
    w.record("P").put(2, &["1"]);
    let Some(patient) = view.patient(order.patient) else { return };
    let sex = match patient.sex {
        Sex::M => "M",
        Sex::F => "F",
    };
    match style {
        Style::Sysmex => {
            let asked = view.order(&order.order);
            let physician = asked.as_ref().and_then(|o| view.staff_member(&o.physician));
            let physician = physician.map(|staff| staff.name.chinese()).unwrap_or_default();
            w.put(5, &[&patient.mrn])
                .put(6, &["", &patient.name.chinese()])
                .put(8, &[&patient.born.strftime("%Y%m%d").to_string()])
                .put(9, &[sex])
                .put(14, &["", &physician])
                .put(26, &["", "", "", &asked.map(|o| o.department).unwrap_or_default()]);
        }
        Style::Cobas => {
            let age = patient.born.until(view.local(view.now()).date()).map(|span| span.get_days() / 365);
            w.put(9, &[sex]).put(15, &[&age.unwrap_or(0).to_string(), "Y"]);
        }
    }
}

fn sysmex_order(analyser: &Analyser, order: &LabOrder, w: &mut Writer) {
    let (rack, position) = place(order);
    w.record("O").put(2, &["1"]).put(4, &[&rack, &position, &padded(&order.specimen), "B"]);
    tests(analyser, order, &["", "", "", ""], w);
    w.put(12, &["N"]).put(26, &["F"]);
}

fn cobas_order(analyser: &Analyser, view: &View, order: &LabOrder, w: &mut Writer) {
    let (rack, position) = place(order);
    w.record("O")
        .put(2, &["1"])
        .put(3, &[&padded(&order.specimen)])
        .put(4, &["0", &rack, &position, "", "S1", "SC"]);
    tests(analyser, order, &["", "", ""], w);
    let measured = order.analysed.map(|at| stamp(view, at)).unwrap_or_default();
    w.put(6, &["R"]).put(12, &["N"]).put(16, &["1"]).put(23, &[&measured]).put(26, &["F"]);
}

fn tests(analyser: &Analyser, order: &LabOrder, before: &[&str], w: &mut Writer) {
    for (at, item) in order.items.iter().enumerate() {
        let code = analyser.behaviour.code(item.code);
        let test: Vec<&str> = before.iter().copied().chain([code]).collect();
        if at == 0 {
            w.put(5, &test)
        } else {
            w.repeat(&test)
        };
    }
}

/// R, E1394 10.
fn one_result(
    analyser: &Analyser,
    view: &View,
    order: &LabOrder,
    (set, result): (usize, &LabResult),
    w: &mut Writer,
) {
    let code = analyser.behaviour.code(result.item.code);
    let measured = order.analysed.map(|at| stamp(view, at)).unwrap_or_default();
    let unit = result.item.unit.replace('^', "*");
    let value = plain(&result.value);
    let w = w.record("R").put(2, &[&set.to_string()]);
    match analyser.behaviour.style {
        Style::Sysmex => w
            .put(3, &["", "", "", "", code, "1"])
            .put(4, &[value])
            .put(5, &[&unit])
            .put(7, &[flag(result.flag)])
            .put(9, &["F"])
            .put(13, &[&measured]),
        Style::Cobas => w
            .put(3, &["", "", "", &format!("{code}/1/not")])
            .put(4, &[value])
            .put(5, &[&unit])
            .put(7, &[flag(result.flag)])
            .put(9, &["F"])
            .put(11, &["bmserv"])
            .put(13, &[&measured])
            .put(14, &[&analyser.instrument.code]),
    };
}

/// Analysers don't write Chinese for what is negative or positive.
fn plain(value: &str) -> &str {
    match value {
        "阴性(-)" => "Negative",
        "阳性(+)" => "Positive",
        other => other,
    }
}

fn flag(flag: Flag) -> &'static str {
    match flag {
        Flag::N => "N",
        Flag::H => "H",
        Flag::L => "L",
        Flag::A => "A",
    }
}

fn place(order: &LabOrder) -> (String, String) {
    order.run.as_ref().map_or_else(Default::default, |run| (run.rack.to_string(), run.position.to_string()))
}

fn padded(barcode: &str) -> String {
    format!("{barcode:>BARCODE$}")
}

fn stamp(view: &View, at: Timestamp) -> String {
    view.local(at).strftime("%Y%m%d%H%M%S").to_string()
}

fn framed(analyser: &Analyser, w: Writer) -> Vec<Vec<u8>> {
    let behaviour = &analyser.behaviour;
    let text = behaviour.charset.encode(w.finish().into_bytes());
    match behaviour.frames {
        Frames::Records => frames(&text, behaviour.frame_text),
        Frames::Blocks => blocks(&text, behaviour.frame_text),
        Frames::Message => vec![encode(1, &text, true)],
    }
}

/// Each record in frames of its own, all but the last frame ended by ETB.
fn blocks(text: &[u8], longest: usize) -> Vec<Vec<u8>> {
    let chunks: Vec<&[u8]> =
        text.split_inclusive(|b| *b == b'\r').flat_map(|record| record.chunks(longest)).collect();
    let count = chunks.len();
    let numbers = (0..8u8).cycle().skip(1);
    chunks.into_iter().enumerate().zip(numbers).map(|((at, c), n)| encode(n, c, at + 1 == count)).collect()
}
