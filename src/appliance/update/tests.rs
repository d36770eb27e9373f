//! Updates on files as they lie on a boot partition.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{Ed25519KeyPair, KeyPair};
use sha2::{Digest, Sha256};

use super::file::Refused;
use super::install::{self, Target};
use super::state::State;
use super::{Environment, Running};

struct Bench {
    dir: tempfile::TempDir,
    maker: Ed25519KeyPair,
    running: Running,
}

/// A PE file with the two sections that BIOS needs.
fn kernel_image(linux: &[u8], initrd: &[u8]) -> Vec<u8> {
    let mut image = vec![0u8; 0x200];
    image[0x3C] = 0x40;
    image[0x40..0x44].copy_from_slice(b"PE\0\0");
    image[0x46] = 2;
    let mut place = 0x200u32;
    for (i, (name, bytes)) in [(".linux", linux), (".initrd", initrd)].iter().enumerate() {
        let header = 0x58 + i * 40;
        image[header..header + name.len()].copy_from_slice(name.as_bytes());
        let length = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        image[header + 8..header + 12].copy_from_slice(&length);
        image[header + 16..header + 20].copy_from_slice(&length);
        image[header + 20..header + 24].copy_from_slice(&place.to_le_bytes());
        place += u32::try_from(bytes.len()).unwrap();
    }
    [image, linux.to_vec(), initrd.to_vec()].concat()
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let boot = dir.path().join("boot");
        for folder in ["EFI/Linux", "bios/1.0.0", "grub"] {
            fs::create_dir_all(boot.join(folder)).unwrap();
        }
        fs::write(boot.join("EFI/Linux/honeyward_1.0.0.efi"), "one").unwrap();
        let mut block = b"# GRUB Environment Block\ngood=1.0.0\n".to_vec();
        block.resize(1024, b'#');
        fs::write(boot.join("grub/grubenv"), block).unwrap();
        let maker = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        Bench { dir, maker, running: Running { version: "1.0.0".into(), release: 1 } }
    }

    fn boot(&self) -> PathBuf {
        self.dir.path().join("boot")
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("updates.json")
    }

    fn update(&self, version: &str, release: u64, image: &[u8]) -> PathBuf {
        let manifest = format!(
            "{{\"version\":\"{version}\",\"release\":{release},\"architecture\":\"x86_64\",\"size\":{},\"sha256\":\"{}\"}}",
            image.len(),
            hex::encode(Sha256::digest(image))
        );
        let signature = STANDARD.encode(self.maker.sign(manifest.as_bytes()));
        let head = format!("HONEYWARD-UPDATE 1\n{manifest}\n{signature}\n");
        let file = self.dir.path().join(format!("{version}.hwu"));
        fs::write(&file, [head.as_bytes(), image].concat()).unwrap();
        file
    }

    fn install(&self, file: &Path) -> Result<(), Refused> {
        self.install_after(file, &mut || Ok(()))
    }

    fn install_after(
        &self,
        file: &Path,
        forget: &mut dyn FnMut() -> std::io::Result<()>,
    ) -> Result<(), Refused> {
        let (boot, state) = (self.boot(), self.state());
        let key = self.maker.public_key().as_ref().to_vec();
        let running = &self.running;
        let mut target = Target { boot: &boot, forget, state: &state, running, key: &key };
        install::install(file, &mut target).map(|_| ())
    }

    fn images(&self) -> Vec<String> {
        let entries = fs::read_dir(self.boot().join("EFI/Linux")).unwrap().flatten();
        let mut names: Vec<String> = entries.map(|e| e.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn environment(&self) -> Environment {
        Environment::read(&self.boot().join("grub/grubenv")).unwrap()
    }
}

#[test]
fn an_update_is_tried_by_both_loaders_and_then_good_for_both() {
    let bench = Bench::new();
    bench.install(&bench.update("1.1.0", 2, &kernel_image(b"kernel", b"memory"))).unwrap();
    assert_eq!(bench.images(), ["honeyward_1.0.0.efi", "honeyward_1.1.0+3.efi"]);
    assert_eq!(fs::read(bench.boot().join("bios/1.1.0/vmlinuz")).unwrap(), b"kernel");
    assert_eq!(fs::read(bench.boot().join("bios/1.1.0/initrd")).unwrap(), b"memory");
    let environment = bench.environment();
    let of = |key| environment.get(key).to_owned();
    assert_eq!([of("good"), of("trial"), of("tries")], ["1.0.0", "1.1.0", "3"]);
    // The loader has counted one try down.
    let folder = bench.boot().join("EFI/Linux");
    fs::rename(folder.join("honeyward_1.1.0+3.efi"), folder.join("honeyward_1.1.0+2-1.efi")).unwrap();
    install::bless(&bench.boot(), "1.1.0").unwrap();
    assert_eq!(bench.images(), ["honeyward_1.0.0.efi", "honeyward_1.1.0.efi"]);
    assert_eq!((bench.environment().get("good"), bench.environment().get("trial")), ("1.1.0", ""));
}

#[test]
fn nothing_older_nothing_twice_and_nothing_while_another_is_tried() {
    let mut bench = Bench::new();
    let image = kernel_image(b"k", b"m");
    let older = bench.install(&bench.update("0.9.0", 1, &image));
    assert!(matches!(older, Err(Refused::Older { newest: 1, .. })), "{older:?}");
    let two = bench.update("1.1.0", 2, &image);
    bench.install(&two).unwrap();
    assert!(matches!(bench.install(&bench.update("1.2.0", 3, &image)), Err(Refused::OnTrial)));
    let mut state = State::read(&bench.state()).unwrap();
    assert_eq!(state.judge(&bench.running).unwrap().version, "1.1.0");
    state.write(&bench.state()).unwrap();
    install::remove(&bench.boot(), "1.1.0").unwrap();
    assert!(matches!(bench.install(&two), Err(Refused::Failed(2))));
    bench.install(&bench.update("1.2.0", 3, &image)).unwrap();
    // Release 3 is found good, then somebody brings the machine back to 1.0.0 by hand.
    bench.running = Running { version: "1.2.0".into(), release: 3 };
    let mut state = State::read(&bench.state()).unwrap();
    state.found_good(&bench.running);
    state.write(&bench.state()).unwrap();
    bench.running = Running { version: "1.0.0".into(), release: 1 };
    let rolled = bench.install(&bench.update("1.1.1", 3, &image));
    assert!(matches!(rolled, Err(Refused::Older { newest: 3, .. })), "{rolled:?}");
}

#[test]
fn a_byte_of_another_changes_nothing() {
    let bench = Bench::new();
    let file = bench.update("1.1.0", 2, &kernel_image(&[1; 3000], &[2; 3000]));
    let whole = fs::read(&file).unwrap();
    for place in (0..whole.len()).step_by(61).chain([whole.len() - 1]) {
        let mut changed = whole.clone();
        changed[place] ^= 0x20;
        fs::write(&file, &changed).unwrap();
        assert!(bench.install(&file).is_err(), "byte {place}");
    }
    for end in [0, 5, 20, 200, whole.len() - 1] {
        fs::write(&file, &whole[..end]).unwrap();
        assert!(bench.install(&file).is_err(), "cut at {end}");
    }
    fs::write(&file, [&whole[..], b"x"].concat()).unwrap();
    assert!(bench.install(&file).is_err(), "something behind it");
    assert_eq!(bench.images(), ["honeyward_1.0.0.efi"]);
    assert_eq!(bench.environment().get("trial"), "");
    assert_eq!(State::read(&bench.state()).unwrap(), State::default());
    fs::write(&file, &whole).unwrap();
    bench.install(&file).unwrap();
}

#[test]
fn a_medium_that_forgets_is_noticed() {
    for lost in ["EFI/Linux/update.new", "bios/1.1.0.new/initrd"] {
        let bench = Bench::new();
        let file = bench.update("1.1.0", 2, &kernel_image(&[1; 3000], &[2; 3000]));
        let written = bench.boot().join(lost);
        let mut forget = || {
            let mut bytes = fs::read(&written)?;
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            fs::write(&written, bytes)
        };
        let refused = bench.install_after(&file, &mut forget);
        assert!(matches!(refused, Err(Refused::Medium)), "{lost}: {refused:?}");
        assert_eq!(bench.images(), ["honeyward_1.0.0.efi"]);
        assert_eq!(State::read(&bench.state()).unwrap().trial, None);
        assert!(!bench.boot().join("bios/1.1.0.new").exists());
    }
}

#[test]
fn the_last_good_version_stays() {
    let bench = Bench::new();
    assert!(install::remove(&bench.boot(), "1.0.0").is_err());
    assert_eq!(bench.images(), ["honeyward_1.0.0.efi"]);
}

#[test]
fn an_os_release_tells_what_runs() {
    let running = Running::read("ID=honeyward\nIMAGE_VERSION=1.2.0\nHONEYWARD_RELEASE=12\n");
    assert_eq!(running, Running { version: "1.2.0".into(), release: 12 });
}
