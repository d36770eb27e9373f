//! INFO, ROLE and what else tells of the server itself.

use jiff::Timestamp;

use super::machine::Client;
use super::resp::Reply;

impl Client {
    /// The beginning of the server's present run, seconds since 1970.
    pub(super) fn started(&self, now: Timestamp) -> i64 {
        let secret = self.secret("start");
        let period = self.behaviour().restart_days.max(1) * 86_400;
        let phase = i64::try_from(number(&secret, 0) % u64::try_from(period).unwrap_or(1)).unwrap_or(0);
        (now.as_second() - 3_600 - phase).div_euclid(period) * period + phase
    }

    /// The id of the present run, hex.
    pub(super) fn run_id(&self, now: Timestamp) -> String {
        let secret = self.secret(&format!("run/{}", self.started(now)));
        hex::encode(secret.get(..20).unwrap_or_default())
    }

    pub(super) fn secret(&self, what: &str) -> [u8; 32] {
        self.session.pack().installation.derive(&format!("redis/{}/{what}", self.session.host().name))
    }

    /// Process id of the server.
    pub(super) fn process(&self, now: Timestamp) -> u64 {
        1_200 + number(&self.secret(&format!("pid/{}", self.started(now))), 0) % 20_000
    }

    /// INFO.
    pub(super) fn info(&self, section: &str, now: Timestamp) -> Reply {
        let wanted = section.to_ascii_lowercase();
        let all = matches!(wanted.as_str(), "all" | "default" | "");
        let names = [
            "server",
            "clients",
            "memory",
            "persistence",
            "stats",
            "replication",
            "cpu",
            "cluster",
            "keyspace",
        ];
        let sections: Vec<String> =
            names.iter().filter(|name| all || **name == wanted).map(|name| self.section(name, now)).collect();
        Reply::text(sections.join("\r\n"))
    }

    fn section(&self, name: &str, now: Timestamp) -> String {
        let lines = match name {
            "server" => self.server(now),
            "clients" => self.clients(now),
            "memory" => self.memory(now),
            "persistence" => self.persistence(now),
            "stats" => self.stats(now),
            "replication" => self.replication(now),
            "cpu" => self.cpu(now),
            "cluster" => "cluster_enabled:0\r\n".to_owned(),
            _ => self.keyspace(now),
        };
        let (first, rest) = name.split_at(1);
        let title = if name == "cpu" { "CPU".to_owned() } else { format!("{}{rest}", first.to_uppercase()) };
        format!("# {title}\r\n{lines}")
    }

    fn server(&self, now: Timestamp) -> String {
        let behaviour = self.behaviour();
        let up = now.as_second() - self.started(now);
        let build =
            hex::encode(self.secret(&format!("build/{}", behaviour.version)).get(..8).unwrap_or_default());
        format!(
            "redis_version:{}\r\nredis_git_sha1:00000000\r\nredis_git_dirty:0\r\nredis_build_id:{build}\r\nredis_mode:standalone\r\nos:Linux {} x86_64\r\narch_bits:64\r\nmultiplexing_api:epoll\r\natomicvar_api:atomic-builtin\r\ngcc_version:{}\r\nprocess_id:{}\r\nrun_id:{}\r\ntcp_port:{}\r\nuptime_in_seconds:{up}\r\nuptime_in_days:{}\r\nhz:10\r\nconfigured_hz:10\r\nlru_clock:{}\r\nexecutable:{}\r\nconfig_file:{}\r\n",
            behaviour.version,
            self.session.host().os.kernel,
            behaviour.gcc,
            self.process(now),
            self.run_id(now),
            self.station.port,
            up / 86_400,
            now.as_second() & 0xff_ffff,
            behaviour.executable,
            behaviour.config_file,
        )
    }

    /// Connections of the application's own pool.
    fn pool(&self, now: Timestamp) -> u64 {
        8 + number(&self.secret(&format!("pool/{}", now.as_second() / 300)), 0) % 9
    }

    fn clients(&self, now: Timestamp) -> String {
        format!(
            "connected_clients:{}\r\nclient_recent_max_input_buffer:2\r\nclient_recent_max_output_buffer:0\r\nblocked_clients:0\r\n",
            self.pool(now) + 1
        )
    }

    fn memory(&self, now: Timestamp) -> String {
        let jitter = number(&self.secret(&format!("memory/{}", now.as_second() / 60)), 0) % 90_000;
        let startup = 791_240;
        let (used, peak) = (2_871_400 + jitter, 4_112_088 + number(&self.secret("peak"), 0) % 600_000);
        let rss = used * 2 + 4_431_872 + jitter / 4_096 * 4_096;
        let overhead = startup + 49_694 * self.pool(now);
        let (allocated, active, resident) = (used + 61_440, used + 425_984, used + 3_014_656);
        let ratio = |a: u64, b: u64| format!("{}.{:02}", a / b, a % b * 100 / b);
        let percent = |a: u64, b: u64| format!("{}.{:02}%", a * 100 / b, a * 10_000 / b % 100);
        let total = self.behaviour().memory;
        let dataset = used - overhead.min(used);
        format!(
            "used_memory:{used}\r\nused_memory_human:{}\r\nused_memory_rss:{rss}\r\nused_memory_rss_human:{}\r\nused_memory_peak:{peak}\r\nused_memory_peak_human:{}\r\nused_memory_peak_perc:{}\r\nused_memory_overhead:{overhead}\r\nused_memory_startup:{startup}\r\nused_memory_dataset:{dataset}\r\nused_memory_dataset_perc:{}\r\nallocator_allocated:{allocated}\r\nallocator_active:{active}\r\nallocator_resident:{resident}\r\ntotal_system_memory:{total}\r\ntotal_system_memory_human:{}\r\nused_memory_lua:37888\r\nused_memory_lua_human:37.00K\r\nused_memory_scripts:0\r\nused_memory_scripts_human:0B\r\nnumber_of_cached_scripts:0\r\nmaxmemory:0\r\nmaxmemory_human:0B\r\nmaxmemory_policy:noeviction\r\nallocator_frag_ratio:{}\r\nallocator_frag_bytes:{}\r\nallocator_rss_ratio:{}\r\nallocator_rss_bytes:{}\r\nrss_overhead_ratio:{}\r\nrss_overhead_bytes:{}\r\nmem_fragmentation_ratio:{}\r\nmem_fragmentation_bytes:{}\r\nmem_not_counted_for_evict:0\r\nmem_replication_backlog:0\r\nmem_clients_slaves:0\r\nmem_clients_normal:{}\r\nmem_aof_buffer:0\r\nmem_allocator:{}\r\nactive_defrag_running:0\r\nlazyfree_pending_objects:0\r\n",
            human(used),
            human(rss),
            human(peak),
            percent(used, peak),
            percent(dataset, used - startup),
            human(total),
            ratio(active, allocated),
            active - allocated,
            ratio(resident, active),
            resident - active,
            ratio(rss, resident),
            rss - resident,
            ratio(rss, used),
            rss - used,
            49_694 * (self.pool(now) + 1),
            self.behaviour().allocator,
        )
    }

    fn persistence(&self, now: Timestamp) -> String {
        format!(
            "loading:0\r\nrdb_changes_since_last_save:{}\r\nrdb_bgsave_in_progress:0\r\nrdb_last_save_time:{}\r\nrdb_last_bgsave_status:ok\r\nrdb_last_bgsave_time_sec:0\r\nrdb_current_bgsave_time_sec:-1\r\nrdb_last_cow_size:430080\r\naof_enabled:0\r\naof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0\r\naof_last_rewrite_time_sec:-1\r\naof_current_rewrite_time_sec:-1\r\naof_last_bgrewrite_status:ok\r\naof_last_write_status:ok\r\naof_last_cow_size:0\r\n",
            (now.as_second() - self.last_save(now)) * 3,
            self.last_save(now)
        )
    }

    /// The last snapshot: the rule `save 300 10` of a server in use, or the intruder's own.
    pub(super) fn last_save(&self, now: Timestamp) -> i64 {
        let rule = now.as_second() - (now.as_second() - self.started(now)) % 301;
        let own = self.setting("lastsave").and_then(|text| text.parse().ok()).unwrap_or(0);
        rule.max(own)
    }

    fn stats(&self, now: Timestamp) -> String {
        let up = u64::try_from(now.as_second() - self.started(now)).unwrap_or(0);
        let pace = 14 + number(&self.secret("pace"), 0) % 9;
        let commands = up * pace;
        format!(
            "total_connections_received:{}\r\ntotal_commands_processed:{commands}\r\ninstantaneous_ops_per_sec:{}\r\ntotal_net_input_bytes:{}\r\ntotal_net_output_bytes:{}\r\ninstantaneous_input_kbps:{}.{:02}\r\ninstantaneous_output_kbps:{}.{:02}\r\nrejected_connections:0\r\nsync_full:0\r\nsync_partial_ok:0\r\nsync_partial_err:0\r\nexpired_keys:{}\r\nexpired_stale_perc:0.00\r\nexpired_time_cap_reached_count:0\r\nevicted_keys:0\r\nkeyspace_hits:{}\r\nkeyspace_misses:{}\r\npubsub_channels:0\r\npubsub_patterns:0\r\nlatest_fork_usec:{}\r\nmigrate_cached_sockets:0\r\nslave_expires_tracked_keys:0\r\nactive_defrag_hits:0\r\nactive_defrag_misses:0\r\nactive_defrag_key_hits:0\r\nactive_defrag_key_misses:0\r\n",
            up / 47 + 3,
            pace + up % 7,
            commands * 71,
            commands * 344,
            (pace + up % 7) * 71 / 1024,
            up % 97,
            (pace + up % 7) * 344 / 1024,
            up % 89,
            up / 21,
            commands / 2 - up / 11,
            up / 11,
            310 + up % 61
        )
    }

    fn replication(&self, now: Timestamp) -> String {
        let id = hex::encode(
            self.secret(&format!("replication/{}", self.started(now))).get(..20).unwrap_or_default(),
        );
        let head = match self.master() {
            None => "role:master\r\n".to_owned(),
            Some((host, port, since)) => format!(
                "role:slave\r\nmaster_host:{host}\r\nmaster_port:{port}\r\nmaster_link_status:down\r\nmaster_last_io_seconds_ago:-1\r\nmaster_sync_in_progress:0\r\nslave_repl_offset:1\r\nmaster_link_down_since_seconds:{}\r\nslave_priority:100\r\nslave_read_only:{}\r\n",
                now.as_second() - since,
                u8::from(self.parameter("slave-read-only").as_deref() != Some("no"))
            ),
        };
        format!(
            "{head}connected_slaves:0\r\nmaster_replid:{id}\r\nmaster_replid2:0000000000000000000000000000000000000000\r\nmaster_repl_offset:0\r\nsecond_repl_offset:-1\r\nrepl_backlog_active:0\r\nrepl_backlog_size:1048576\r\nrepl_backlog_first_byte_offset:0\r\nrepl_backlog_histlen:0\r\n"
        )
    }

    fn cpu(&self, now: Timestamp) -> String {
        let up = now.as_second() - self.started(now);
        format!(
            "used_cpu_sys:{}.{:06}\r\nused_cpu_user:{}.{:06}\r\nused_cpu_sys_children:{}.{:06}\r\nused_cpu_user_children:{}.{:06}\r\n",
            up / 740,
            up * 1_351 % 1_000_000,
            up / 910,
            up * 1_099 % 1_000_000,
            up / 9_100,
            up * 137 % 1_000_000,
            up / 31_000,
            up * 33 % 1_000_000
        )
    }

    fn keyspace(&self, now: Timestamp) -> String {
        let line = |database: u8| {
            let all = self.data_of(database, now).all();
            let ends: Vec<i64> = all.values().filter_map(|entry| entry.expires).collect();
            let left: i64 = ends.iter().map(|at| at - now.as_millisecond()).sum();
            let mean = left / i64::try_from(ends.len()).unwrap_or(1).max(1);
            (!all.is_empty())
                .then(|| format!("db{database}:keys={},expires={},avg_ttl={mean}\r\n", all.len(), ends.len()))
        };
        (0..16).filter_map(line).collect()
    }

    /// ROLE.
    pub(super) fn role(&self) -> Reply {
        match self.master() {
            None => Reply::Array(vec![Reply::text("master"), Reply::Number(0), Reply::Array(Vec::new())]),
            Some((host, port, _)) => Reply::Array(vec![
                Reply::text("slave"),
                Reply::text(host),
                Reply::Number(i64::from(port)),
                Reply::text("connect"),
                Reply::Number(-1),
            ]),
        }
    }
}

/// A number out of a secret.
pub(super) fn number(secret: &[u8; 32], at: usize) -> u64 {
    let bytes = secret.iter().skip(at * 8).take(8);
    bytes.fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// `2.74M`
fn human(bytes: u64) -> String {
    let unit = |size: u64, letter: char| format!("{}.{:02}{letter}", bytes / size, bytes % size * 100 / size);
    match bytes {
        0..1_024 => format!("{bytes}B"),
        1_024..1_048_576 => unit(1 << 10, 'K'),
        1_048_576..1_073_741_824 => unit(1 << 20, 'M'),
        _ => unit(1 << 30, 'G'),
    }
}
