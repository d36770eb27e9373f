//! What the description of a series says about how it was made (`Thorax 5.0 B31f`).

/// When the contrast medium was, if there was any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Plain,
    Arterial,
    Venous,
}

/// Slice thickness, kernel and phase, where the words name them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Protocol {
    /// Millimetres.
    pub(crate) thickness: Option<f32>,
    /// The kernel's name as written.
    pub(crate) kernel: Option<String>,
    /// Reconstructed for bone or lung.
    pub(crate) hard: bool,
    /// When contrast medium was on its way.
    pub(crate) phase: Phase,
}

impl Protocol {
    pub(crate) fn read(description: &str) -> Self {
        let words: Vec<&str> = description.split([' ', '_', ',', '/']).filter(|w| !w.is_empty()).collect();
        let thickness = words.iter().find_map(|word| {
            let number = word.strip_suffix("mm").unwrap_or(word);
            number.parse().ok().filter(|mm| (0.3..=12.0).contains(mm))
        });
        let kernel = words.iter().rev().find(|word| is_kernel(word)).map(|word| (*word).to_owned());
        let says = |names: &[&str]| words.iter().any(|w| names.iter().any(|n| w.eq_ignore_ascii_case(n)));
        let phase = if says(&["ART", "ARTERIAL"]) {
            Phase::Arterial
        } else if says(&["VEN", "VENOUS", "PV"]) {
            Phase::Venous
        } else {
            Phase::Plain
        };
        let hard = says(&["LUNG", "BONE", "EDGE", "BONEPLUS"])
            || kernel.as_deref().is_some_and(|kernel| smoothness(kernel) < 0.5);
        Protocol { thickness, kernel, hard, phase }
    }
}

const NAMED: [&str; 10] =
    ["STANDARD", "STND", "SOFT", "LUNG", "BONE", "BONEPLUS", "DETAIL", "EDGE", "CHEST", "BRAIN"];

/// A kernel: a vendor's word, or one or two letters, two digits and perhaps a letter.
fn is_kernel(word: &str) -> bool {
    if NAMED.contains(&word) {
        return true;
    }
    let letters = word.bytes().take_while(u8::is_ascii_uppercase).count();
    let digits = word.bytes().skip(letters).take_while(u8::is_ascii_digit).count();
    (1..=2).contains(&letters) && digits == 2 && word.len() - letters - digits <= 1
}

/// How smooth a kernel is: 0 for bone and lung, 1 for soft tissue.
pub(crate) fn smoothness(kernel: &str) -> f32 {
    match kernel {
        "LUNG" | "BONE" | "EDGE" => return 0.1,
        "BONEPLUS" => return 0.0,
        "DETAIL" | "CHEST" => return 0.6,
        _ => {}
    }
    let number: f32 = kernel.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(30.0);
    (1.0 - (number - 30.0) / 40.0).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_understood() {
        let read = |text| {
            let p = Protocol::read(text);
            (p.thickness, p.kernel.unwrap_or_default())
        };
        assert_eq!(read("Thorax 5.0 B31f"), (Some(5.0), "B31f".to_owned()));
        assert_eq!(read("Head 1.0 H31s"), (Some(1.0), "H31s".to_owned()));
        assert_eq!(read("ABD 5mm STANDARD"), (Some(5.0), "STANDARD".to_owned()));
        assert_eq!(read("Topogram  0.6  T20f"), (Some(0.6), "T20f".to_owned()));
        let hard = |text| Protocol::read(text).hard;
        assert!(hard("Chest 5.0 Lung") && hard("Head  5.0  H60s") && !hard("Chest 5.0 Soft"));
        assert_eq!(Protocol::read("C+ PV 5mm").phase, Phase::Venous);
        assert_eq!(Protocol::read("ART  5.0  B31f").phase, Phase::Arterial);
        assert!(smoothness("B70f") < 0.1 && smoothness("B31f") > 0.9);
    }
}
