//! A PDF with Chinese text, as report printers of hospitals write it: the standard font
//! STSong-Light with the encoding UniGB-UCS2-H (ISO 32000-1 9.7.5.2), which readers bring along and
//! which is therefore not embedded.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use jiff::civil::DateTime;

use super::noise::mix;

/// What a page shows: operators of a content stream.
#[derive(Debug, Clone, Default)]
pub(crate) struct Page {
    operators: String,
}

impl Page {
    pub(crate) fn new() -> Self {
        Page::default()
    }

    /// A line of text from a place on, in points from the lower left corner.
    pub(crate) fn text(&mut self, text: &str, x: f32, y: f32, size: f32) {
        let hex: String = text.encode_utf16().map(|unit| format!("{unit:04x}")).collect();
        self.operators.push_str(&format!("BT\n/F1 {size} Tf\n1 0 0 1 {x:.2} {y:.2} Tm\n<{hex}>Tj\nET\n"));
    }

    /// A line of text with its middle at `x`.
    pub(crate) fn centred(&mut self, text: &str, x: f32, y: f32, size: f32) {
        let wide = |c: char| if c.is_ascii() { 0.5 } else { 1.0 };
        let width: f32 = text.chars().map(wide).sum::<f32>() * size;
        self.text(text, x - width / 2.0, y, size);
    }

    /// A horizontal line.
    pub(crate) fn rule(&mut self, from: f32, to: f32, y: f32) {
        self.operators.push_str(&format!("q\n0.8 w\n{from:.2} {y:.2} m\n{to:.2} {y:.2} l\nS\nQ\n"));
    }
}

/// When and for what a file is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pdf {
    pub(crate) made: DateTime,
    pub(crate) offset_minutes: i32,
    pub(crate) seed: u64,
    /// The program that says it wrote the file.
    pub(crate) producer: &'static str,
}

/// What the products' report printers are built on.
pub(crate) const PRINTER: &str = "iTextSharp 4.1.6 by 1T3XT";

const FONT: [&[u8]; 2] = [
    b"<</Type/Font/Subtype/Type0/BaseFont/STSong-Light-UniGB-UCS2-H/Encoding/UniGB-UCS2-H\
      /DescendantFonts[4 0 R]>>",
    b"<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/FontDescriptor 6 0 R\
      /CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>/DW 1000/W[1 95 500]>>",
];

const DESCRIPTOR: &[u8] =
    b"<</Type/FontDescriptor/FontName/STSong-Light/FontBBox[-25 -254 1000 880]/Flags 6/ItalicAngle 0\
      /Ascent 880/Descent -120/CapHeight 880/StemV 93>>";

impl Pdf {
    /// A file of one page.
    pub(crate) fn write(self, page: &Page) -> Vec<u8> {
        self.write_all(std::slice::from_ref(page))
    }

    /// A file of these pages, of which there is at least one.
    pub(crate) fn write_all(self, pages: &[Page]) -> Vec<u8> {
        // Contents and page are objects 1 and 2 of the first page, 9 and 10 of the second, and so on.
        let number = |page: usize| if page == 0 { 1 } else { 7 + page * 2 };
        let kids: Vec<_> = (0..pages.len()).map(|page| format!("{} 0 R", number(page) + 1)).collect();
        let mut pairs = pages.iter().enumerate().flat_map(|(i, page)| [content(page), leaf(number(i))]);
        let mut objects: Vec<Vec<u8>> = pairs.by_ref().take(2).collect();
        objects.extend(FONT.map(<[u8]>::to_vec));
        objects.push(format!("<</Type/Pages/Count {}/Kids[{}]>>", kids.len(), kids.join(" ")).into_bytes());
        objects.push(DESCRIPTOR.to_vec());
        objects.push(b"<</Type/Catalog/Pages 5 0 R>>".to_vec());
        objects.push(self.information().into_bytes());
        objects.extend(pairs);
        self.assemble(&objects)
    }

    fn information(self) -> String {
        let (offset, producer) = (self.offset_minutes, self.producer);
        let sign = if offset < 0 { '-' } else { '+' };
        let zone = format!("{sign}{:02}'{:02}'", offset.abs() / 60, offset.abs() % 60);
        let at = self.made.strftime("%Y%m%d%H%M%S");
        format!("<</CreationDate(D:{at}{zone})/Producer({producer})/ModDate(D:{at}{zone})>>")
    }

    fn assemble(self, objects: &[Vec<u8>]) -> Vec<u8> {
        let mut out = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n".to_vec();
        let mut places = Vec::with_capacity(objects.len());
        for (object, number) in objects.iter().zip(1..) {
            places.push(out.len());
            out.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
            out.extend_from_slice(object);
            out.extend_from_slice(b"\nendobj\n");
        }
        let table = out.len();
        let size = objects.len() + 1;
        out.extend_from_slice(format!("xref\n0 {size}\n0000000000 65535 f \n").as_bytes());
        for place in places {
            out.extend_from_slice(format!("{place:010} 00000 n \n").as_bytes());
        }
        let id = format!("{:016x}{:016x}", mix(self.seed ^ 0x1D), mix(self.seed ^ 0xD1));
        let trailer = format!(
            "trailer\n<</Root 7 0 R/ID [<{id}><{id}>]/Info 8 0 R/Size {size}>>\nstartxref\n{table}\n%%EOF\n"
        );
        out.extend_from_slice(trailer.as_bytes());
        out
    }
}

fn content(page: &Page) -> Vec<u8> {
    let stream = deflated(page.operators.as_bytes());
    let mut content = format!("<</Length {}/Filter/FlateDecode>>stream\n", stream.len()).into_bytes();
    content.extend_from_slice(&stream);
    content.extend_from_slice(b"\nendstream");
    content
}

/// The page whose contents are this object.
fn leaf(contents: usize) -> Vec<u8> {
    format!(
        "<</Type/Page/Contents {contents} 0 R/Parent 5 0 R/Resources<</ProcSet [/PDF /Text /ImageB /ImageC /ImageI]\
         /Font<</F1 3 0 R>>>>/MediaBox[0 0 595 842]>>"
    )
    .into_bytes()
}

fn deflated(plain: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing to memory can't fail.
    let _ = encoder.write_all(plain);
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offset_leads_to_its_object() {
        let mut page = Page::new();
        page.centred("报告", 298.0, 700.0, 16.0);
        let made = jiff::civil::date(2026, 3, 2).at(9, 30, 0, 0);
        let file = Pdf { made, offset_minutes: 480, seed: 7, producer: PRINTER }.write(&page);
        let text = String::from_utf8_lossy(&file);
        assert!(text.contains("D:20260302093000+08'00'"));
        let table = file.windows(5).position(|w| w == b"xref\n").unwrap();
        let rows = String::from_utf8(file[table..].to_vec()).unwrap();
        for (row, number) in rows.lines().skip(3).take(8).zip(1..) {
            let at: usize = row[..10].parse().unwrap();
            assert!(file[at..].starts_with(format!("{number} 0 obj").as_bytes()), "{row}");
        }
    }
}
