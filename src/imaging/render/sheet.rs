//! The dose page that a scanner saves as a picture.

use crate::imaging::glyphs::Canvas;
use crate::imaging::header::{Dose, Subject};

/// Size of the page.
pub(crate) const WIDTH: usize = 512;
/// Size of the page.
pub(crate) const HEIGHT: usize = 512;

const BRIGHT: u8 = 235;
const FAINT: u8 = 170;

/// The page: who, when, each acquisition with its figures, and the total.
pub(crate) fn draw(s: &Subject<'_>, dose: &Dose) -> Vec<u8> {
    let mut screen = vec![0; WIDTH * HEIGHT];
    let mut canvas = Canvas::new(&mut screen, WIDTH);
    let on = s.view.local(s.study.started);
    let name = s.patient.map(|p| format!("{} {}", p.name.family_pinyin, p.name.given_pinyin));
    canvas.write(&name.unwrap_or_default().to_uppercase(), 16, 16, BRIGHT);
    canvas.write(s.patient.map_or("", |p| p.mrn.as_str()), 16, 34, BRIGHT);
    canvas.write(&on.strftime("%d-%b-%Y %H:%M").to_string(), 340, 16, BRIGHT);
    canvas.write(&format!("Accession: {}", s.study.accession), 16, 52, FAINT);
    canvas.write(&format!("Station: {}  {}", s.study.device.station, s.study.device.model), 16, 70, FAINT);
    let phantom = if dose.head { "16" } else { "32" };
    for (text, x) in [("Scan", 16), ("kV", 168), ("mAs", 216), ("CTDIvol*", 272), ("DLP", 360), ("TI", 432)] {
        canvas.write(text, x, 112, FAINT);
    }
    canvas.write("mGy", 272, 128, FAINT);
    canvas.write("mGycm", 360, 128, FAINT);
    canvas.write("s", 432, 128, FAINT);
    let mut row = 156;
    for (event, number) in dose.events.iter().zip(1..) {
        let name: String = format!("{number} {}", event.name).chars().take(18).collect();
        let charge = event.current * event.turn;
        canvas.write(&name, 16, row, BRIGHT);
        canvas.write(&format!("{:.0}", event.kilovolts), 168, row, BRIGHT);
        canvas.write(&format!("{charge:.0}"), 216, row, BRIGHT);
        canvas.write(&format!("{:.2}", event.index), 272, row, BRIGHT);
        canvas.write(&format!("{:.1}", event.product()), 360, row, BRIGHT);
        canvas.write(&format!("{:.1}", event.turn), 432, row, BRIGHT);
        row += 20;
    }
    canvas.write(&format!("Total DLP: {:.1} mGy*cm", dose.total()), 16, row + 24, BRIGHT);
    canvas.write(&format!("*Phantom: IEC {phantom} cm"), 16, row + 44, FAINT);
    screen
}
