//! `ping`.

use std::time::Duration;

use crate::decoys::ssh::shell::commands::{Call, Options, tunnel};
use crate::decoys::ssh::shell::reach::{Place, RESOLVE, resolve};

/// `ping`
pub(crate) fn ping(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "cwWisItpQl");
    let Some(host) = options.operands.first().map(|t| (*t).clone()) else {
        call.error("ping: usage error: Destination address required\n");
        return 1;
    };
    tunnel(call.shell, "ping", &host);
    let count = options.value('c').and_then(|c| c.parse::<u32>().ok()).unwrap_or(600).clamp(1, 600);
    let wait = options.value('W').or(options.value('w')).and_then(|w| w.parse::<u64>().ok()).unwrap_or(10);
    let Some(place) = resolve(&call.shell.site, &host) else {
        let wait = call.shell.session.pace(RESOLVE);
        call.pause(wait);
        return call.fail(2, &format!("{host}: Temporary failure in name resolution"));
    };
    let answers = match &place {
        Place::Host(..) => true,
        Place::Nobody(_) => false,
        Place::Beyond(address) => *address == call.shell.site.gateway(),
    };
    let address = place.address();
    call.out(&format!("PING {host} ({address}) 56(84) bytes of data.\n"));
    if !answers {
        call.pause(Duration::from_secs(u64::from(count - 1) + wait));
        call.out(&format!("\n--- {host} ping statistics ---\n{count} packets transmitted, 0 received, 100% packet loss, time {}ms\n\n", u64::from(count - 1) * 1_024));
        return 1;
    }
    let mut times = Vec::new();
    for n in 1..=count {
        let time = 190 + call.shell.site.trait_number(&format!("ping/{n}/{}", call.shell.session.now()), 260);
        times.push(time);
        call.out(&format!("64 bytes from {address}: icmp_seq={n} ttl=64 time=0.{time} ms\n"));
        if n < count {
            call.pause(Duration::from_secs(1));
        }
    }
    let (least, most) = (times.iter().min().copied().unwrap_or(0), times.iter().max().copied().unwrap_or(0));
    let mean = times.iter().sum::<u64>() / u64::from(count);
    call.out(&format!("\n--- {host} ping statistics ---\n{count} packets transmitted, {count} received, 0% packet loss, time {}ms\nrtt min/avg/max/mdev = 0.{least:03}/0.{mean:03}/0.{most:03}/0.{:03} ms\n", u64::from(count - 1) * 1_016, (most - least) / 3));
    0
}
