//! The image on a machine: built, started, attacked, unplugged, updated, and back from an update that does
//! not work. A test binary of its own, since an emulated machine needs all of this one.

mod machine;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use machine::{Firmware, Machine, Outside, beside, run, text, within};

const SECRET: &str = "one secret for the test";

/// The intruder's addresses: one on each VLAN of the trunk.
const INTRUDER: [(u16, &str); 3] = [(110, "10.20.1.66/24"), (120, "10.20.2.66/24"), (130, "10.20.3.66/24")];

/// The decoys, the third number of whose address is the segment's.
const DECOYS: [(&str, &str); 5] = [
    ("his", "10.20.1.11"),
    ("pacs", "10.20.1.12"),
    ("lis", "10.20.2.13"),
    ("heme01", "10.20.2.31"),
    ("ct01", "10.20.3.21"),
];

/// Fits any machine that is not idle.
const SOON: Duration = Duration::from_secs(90);

#[test]
fn an_appliance_is_attacked_loses_power_is_updated_and_still_knows_it_all() {
    let dir = tempfile::tempdir().unwrap();
    let disk = dir.path().join("disk.raw");
    let first = build("1.0.0", 1);
    run("cp", &["--sparse=always", first.to_str().unwrap(), disk.to_str().unwrap()]);
    answer(&disk, dir.path());
    let outside = Outside::new(dir.path(), &INTRUDER);
    let overheard = Overheard::begin(&outside);

    let mut machine = Machine::start(&outside, &disk, None, Firmware::Uefi, "first");
    machine.says("The appliance is healthy.");
    assert!(machine.log().contains("one-time secret"), "{}", machine.log());
    assert!(console(&outside).contains("200"), "the console answers on the management address");
    every_segment_answers(&outside);
    assert_eq!(managed_from_decoys(&outside), "", "the console is not on the decoys' network");
    guess_passwords(&outside);
    within(SOON, "the alert arrives", || outside.received().contains("10.20.1.66").then_some(()));
    machine.unplug();
    overheard.nothing_crossed(&outside);

    build("1.1.0", 2);
    let update = beside(BUILT).join("honeyward_1.1.0.hwu");
    let key = beside(BUILT).join("update.pub");
    let [file, key] = [&update, &key].map(|path| path.to_str().unwrap());
    let said = run(env!("CARGO_BIN_EXE_honeyward"), &["update", "check", file, "--key", key]);
    assert!(said.contains("version 1.1.0, release 2: whole"), "{said}");
    let stick = stick(dir.path(), &update);
    let mut machine = Machine::start(&outside, &disk, Some(&stick), Firmware::Uefi, "second");
    machine.says("The appliance is healthy.");
    machine.types("update");
    machine.says("Version 1.1.0 is installed and is tried now.");
    machine.says("Honeyward 1.1.0 (2)");
    machine.says("This version is found good.");
    assert!(console(&outside).contains("200"));
    machine.types("off");
    machine.ends();

    // The other firmware, so that both loaders have started, counted and gone back on this disk.
    let stick = self::stick(dir.path(), &broken(dir.path()));
    let mut machine = Machine::start(&outside, &disk, Some(&stick), Firmware::Bios, "third");
    machine.says("The appliance is healthy.");
    assert!(machine.log().contains("Honeyward 1.1.0 (2)"), "{}", machine.log());
    machine.types("update");
    machine.says("Version 1.2.0 is installed and is tried now.");
    // Three starts that fail, and the one that goes back.
    machine.says_after(4, "Version 1.2.0 did not work; 1.1.0 is back.");
    assert!(console_comes_back(&outside));
    machine.types("update");
    machine.says("release 3 was tried on this appliance");
    machine.types("reset seal ward-3");
    machine.says("the evidence is sealed");
    machine.says("Language");
    machine.unplug();
    look_into(&disk, dir.path());
}

/// Where the images go; the keys are made there once.
const BUILT: &str = "target/image/test";

/// The image with the program that is under test.
fn build(version: &str, release: u64) -> PathBuf {
    let output = Command::new(beside("firmware-image/build"))
        .args(["--quick", "--version", version, "--release", &release.to_string()])
        .args(["--binary", env!("CARGO_BIN_EXE_honeyward"), "--out"])
        .arg(beside(BUILT))
        .output()
        .unwrap();
    assert!(output.status.success(), "firmware-image/build, which needs root: {}", text(&output));
    beside(BUILT).join(format!("honeyward_{version}.raw"))
}

/// An update that is signed as it should be and can't start: its memory file system is none.
fn broken(dir: &Path) -> PathBuf {
    let good = fs::read(beside(BUILT).join("honeyward_1.1.0.hwu")).unwrap();
    let head: usize = good.split_inclusive(|byte| *byte == b'\n').take(3).map(<[u8]>::len).sum();
    let (image, nothing) = (dir.join("broken.efi"), dir.join("nothing"));
    fs::write(&image, &good[head..]).unwrap();
    fs::write(&nothing, [0xAA; 4096]).unwrap();
    let section = format!(".initrd={}", nothing.display());
    run("objcopy", &["--update-section", &section, image.to_str().unwrap()]);
    let bytes = fs::read(&image).unwrap();
    let sum = run("sha256sum", &[image.to_str().unwrap()]);
    let manifest = format!(
        "{{\"version\":\"1.2.0\",\"release\":3,\"architecture\":\"x86_64\",\"size\":{},\"sha256\":\"{}\"}}",
        bytes.len(),
        &sum[..64]
    );
    let (said, signed) = (dir.join("manifest"), dir.join("signature"));
    fs::write(&said, &manifest).unwrap();
    let key = beside(BUILT).join("throw-away-keys/update.key");
    let [key, said, signed] = [&key, &said, &signed].map(|path| path.to_str().unwrap());
    run("openssl", &["pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", said, "-out", signed]);
    let signature = run("base64", &["-w0", signed]);
    let file = dir.join("broken.hwu");
    let head = format!("HONEYWARD-UPDATE 1\n{manifest}\n{signature}\n");
    fs::write(&file, [head.as_bytes(), &bytes].concat()).unwrap();
    file
}

/// A USB stick with an update file on it.
fn stick(dir: &Path, update: &Path) -> PathBuf {
    let stick = dir.join("stick.raw");
    let name = stick.to_str().unwrap();
    let _ = fs::remove_file(&stick);
    run("truncate", &["-s", "256M", name]);
    run("/sbin/mkfs.vfat", &[name]);
    run("mmd", &["-i", name, "::honeyward"]);
    run("mcopy", &["-i", name, update.to_str().unwrap(), "::honeyward/update.hwu"]);
    stick
}

fn console_comes_back(outside: &Outside) -> bool {
    within(SOON * 2, "the console answers", || console(outside).contains("200").then_some(true))
}

/// Puts the answers of the first boot on the disk's boot partition.
fn answer(disk: &Path, dir: &Path) {
    let file = dir.join("first-boot.toml");
    let segments = INTRUDER.map(|(vlan, _)| {
        let network = (vlan - 100) / 10;
        format!(
            "[[network.segment]]\nname = \"vlan{vlan}\"\nparent = \"decoys\"\nvlan = {vlan}\n\
             network = \"10.20.{network}.0/24\"\n"
        )
    });
    let hosts = DECOYS.map(|(name, address)| format!("[host.{name}]\naddress = \"{address}\"\n"));
    let answers = format!(
        "[appliance]\nname = \"ward-3\"\n[appliance.management]\naddress = \"10.0.2.15/24\"\n\
         gateway = \"10.0.2.2\"\n[appliance.administrator]\nsecret = \"{SECRET}\"\n{}{}\
         [[destination]]\nname = \"siem\"\nformat = \"cef\"\ntransport = \"tcp\"\naddress = \"10.0.2.2:{}\"\n",
        segments.concat(),
        hosts.concat(),
        machine::SYSLOG
    );
    fs::write(&file, answers).unwrap();
    let image = format!("{}@@{}", disk.display(), 4096 * 512);
    run("mcopy", &["-i", &image, file.to_str().unwrap(), "::honeyward/first-boot.toml"]);
}

fn console(outside: &Outside) -> String {
    let page = ["-sk", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}", "-L", "https://127.0.0.1:8443/"];
    text(&outside.output("curl", &page))
}

/// What an intruder on the decoys' network gets of the console.
fn managed_from_decoys(outside: &Outside) -> String {
    text(&outside.output("curl", &["-sk", "-m", "3", "--interface", "t110", "https://10.20.1.11:8443/"]))
}

/// Decoys of three VLANs answer, each with a hardware address of its own.
fn every_segment_answers(outside: &Outside) {
    let page = outside.output("curl", &["-s", "-m", "20", "-i", "http://10.20.1.11/"]);
    assert!(text(&page).starts_with("HTTP/1.1 "), "{}", text(&page));
    let page = outside.output("curl", &["-s", "-m", "20", "-i", "http://10.20.2.13/"]);
    assert!(text(&page).starts_with("HTTP/1.1 "), "{}", text(&page));
    let scanner = outside.output("echoscu", &["-to", "30", "-aec", "ANY", "10.20.3.21", "104"]);
    let said = text(&scanner);
    assert!(scanner.status.success() || said.contains("Association Rejected"), "the scanner answers: {said}");
    let neighbours: BTreeSet<String> = DECOYS
        .iter()
        .map(|(_, address)| {
            let vlan = 100 + address.split('.').nth(2).unwrap().parse::<u16>().unwrap() * 10;
            let heard =
                text(&outside.output("arping", &["-c", "1", "-w", "5", "-I", &format!("t{vlan}"), address]));
            let mac = heard.split(['[', ']']).nth(1).unwrap_or_else(|| panic!("{address}: {heard}"));
            mac.to_owned()
        })
        .collect();
    assert_eq!(neighbours.len(), DECOYS.len(), "{neighbours:?}");
}

/// What was heard on every VLAN.
struct Overheard(Vec<(u16, PathBuf, Child)>);

impl Overheard {
    fn begin(outside: &Outside) -> Self {
        let listen = |(vlan, _): (u16, &str)| {
            let file = outside.dir().join(format!("vlan{vlan}.pcap"));
            let device = format!("t{vlan}");
            let arguments = ["-i", &device, "-U", "-Z", "root", "-w", file.to_str().unwrap()];
            (vlan, file.clone(), outside.spawn("tcpdump", &arguments))
        };
        Overheard(INTRUDER.map(listen).into())
    }

    /// Nothing of one VLAN was on another, and each had something.
    fn nothing_crossed(self, outside: &Outside) {
        for (vlan, file, mut tcpdump) in self.0 {
            run("kill", &["-INT", &tcpdump.id().to_string()]);
            tcpdump.wait().unwrap();
            let own = format!("10.20.{}.0/24", (vlan - 100) / 10);
            let read = |filter: &str| {
                let all = ["-nn", "-t", "-r", file.to_str().unwrap(), filter];
                let output = outside.output("tcpdump", &all);
                String::from_utf8_lossy(&output.stdout).into_owned()
            };
            let decoys = format!("not ether src {}", mac_of(outside, vlan));
            assert!(!read(&format!("{decoys} and net {own}")).is_empty(), "VLAN {vlan} has decoys");
            let foreign =
                format!("{decoys} and not (arp and net {own}) and not (src net {own} and dst net {own})");
            assert_eq!(read(&foreign), "", "VLAN {vlan} has what is not its own");
        }
    }
}

fn mac_of(outside: &Outside, vlan: u16) -> String {
    text(&outside.output("cat", &[&format!("/sys/class/net/t{vlan}/address")])).trim().to_owned()
}

fn guess_passwords(outside: &Outside) {
    for guess in ["123456", "admin", "root", "Passw0rd", "qwerty", "111111"] {
        let plain = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"];
        let once = ["-o", "NumberOfPasswordPrompts=1", "-o", "ConnectTimeout=30", "root@10.20.1.11", "true"];
        let all = [&["-p", guess, "ssh"], &plain[..], &once].concat();
        let output = outside.output("sshpass", &all);
        assert!(text(&output).contains("ermission denied"), "{}", text(&output));
    }
}

/// Takes the data partition apart: the chain holds, the attack is in it, the answers and keys are gone.
fn look_into(disk: &Path, dir: &Path) {
    let table = run("sfdisk", &["-J", disk.to_str().unwrap()]);
    let table: serde_json::Value = serde_json::from_str(&table).unwrap();
    let partitions = table["partitiontable"]["partitions"].as_array().unwrap();
    let data = partitions.iter().find(|p| p["name"] == "honeyward-data").expect("a data partition");
    let (start, size) = (data["start"].as_u64().unwrap(), data["size"].as_u64().unwrap());
    assert!(size * 512 > 6 << 30, "it takes the rest of the disk: {size} sectors");
    let found = dir.join("found");
    fs::create_dir(&found).unwrap();
    let partition = dir.join("data.ext4");
    let [from, to] =
        [("if", disk), ("of", &partition)].map(|(key, path)| format!("{key}={}", path.display()));
    let (skip, count) = (format!("skip={}", start * 512), format!("count={}", size * 512));
    let whole = ["bs=4M", "iflag=skip_bytes,count_bytes", "conv=sparse", "status=none"];
    run("dd", &[&[from.as_str(), &to, &skip, &count], &whole[..]].concat());
    let partition = partition.to_str().unwrap();
    // The power was pulled: what is in the journal is done first, as a start would.
    run("sh", &["-c", &format!("/sbin/e2fsck -fp '{partition}' || [ $? = 1 ]")]);
    run("debugfs", &["-R", &format!("rdump / {}", found.display()), partition]);
    let mut sealed = fs::read_dir(found.join("sealed")).expect("evidence that was sealed");
    let data = sealed.next().unwrap().unwrap().path();
    let honeyward = |arguments: &[&str]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_honeyward")).arg("--data").arg(&data).args(arguments).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
        text(&output)
    };
    honeyward(&["verify"]);
    assert!(honeyward(&["sessions", "--source", "10.20.1.66"]).contains("ssh"), "the attack is kept");
    assert!(honeyward(&["alerts", "--json"]).contains("10.20.1.66"), "the alert is kept");
    for gone in [found.join("appliance"), data.join("secret.key"), data.join("console")] {
        assert!(!gone.exists(), "{}", gone.display());
    }
    let image = format!("{}@@{}", disk.display(), 4096 * 512);
    let left = run("mdir", &["-b", "-i", &image, "::honeyward"]);
    assert!(!left.contains("first-boot.toml"), "the file with the secret is off the disk: {left}");
}
