//! The dump that is translated: tables of a SIP server as `pg_dump` and `mysqldump` write them.

use pairadm::translate::Entry;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Addresses of the servers themselves; in every table, and every fourth address of the dump.
const OWN: u32 = 10;

/// Addresses of clients; the other three of four.
const CLIENTS: u32 = 200_000;

/// So many rows that the table holds every address of the dump.
pub const CROWDED: usize = (OWN + CLIENTS) as usize;

/// Rows of a table: the servers' own addresses first; then others, which the dump holds only when the
/// table is [`CROWDED`], so that tables of all sizes replace the same addresses.
pub fn table(rows: usize) -> Vec<Entry> {
    let rows = u32::try_from(rows).expect("a number");
    let crowded = rows == OWN + CLIENTS;
    let entry = |number: u32| {
        let from = match number.checked_sub(OWN) {
            None => own(number),
            Some(number) if crowded => client(number),
            Some(number) => format!(
                "172.{}.{}.{}",
                16 + (number >> 16),
                number >> 8 & 255,
                number & 255
            ),
        };
        let to = format!(
            "192.{}.{}.{}",
            168 + (number >> 16),
            number >> 8 & 255,
            number & 255
        );
        Entry {
            from: from.parse().expect("an address"),
            to: to.parse().ok(),
            note: None,
        }
    };
    (0..rows).map(entry).collect()
}

/// The servers' own addresses with what replaces them, as texts.
pub fn rules(rows: usize) -> Vec<(String, String)> {
    let text = |entry: Entry| (entry.from.to_string(), entry.to.expect("decided").to_string());
    table(rows).into_iter().map(text).collect()
}

fn own(number: u32) -> String {
    format!("10.20.30.{}", 11 + number)
}

fn client(number: u32) -> String {
    // Spread over all octets, so that they have one to three digits.
    let spread = number.wrapping_mul(2_654_435_761);
    format!(
        "100.{}.{}.{}",
        spread >> 24,
        spread >> 16 & 255,
        spread >> 8 & 255
    )
}

/// Writes about so many MB; returns how many addresses are in it.
pub fn write(path: &Path, megabytes: u64) -> u64 {
    let mut file = BufWriter::new(File::create(path).expect("a dump"));
    let (mut written, mut addresses, mut id) = (0, 0, 0);
    let mut random = Random(88_172_645_463_325_252);
    while written < megabytes * 1_000_000 {
        // Rows of a table stand together.
        let table = random.below(5);
        let mut text = String::from(HEADS[table as usize]);
        for _ in 0..1000 {
            id += 1;
            addresses += row(&mut text, table, id, &mut random);
        }
        text.push_str(if table < 3 { "\\.\n\n" } else { "\n" });
        file.write_all(text.as_bytes()).expect("a dump");
        written += text.len() as u64;
    }
    file.flush().expect("a dump");
    addresses
}

const HEADS: [&str; 5] = [
    "COPY public.dispatcher (id, setid, destination, flags, priority, attrs, description) FROM stdin;\n",
    "COPY public.subscriber (id, username, domain, ha1, ha1b, last_login, rpid) FROM stdin;\n",
    "COPY public.location (id, ruid, username, contact, received, expires, user_agent) FROM stdin;\n",
    "-- acc\n",
    "-- address\n",
];

/// Appends a row; returns how many addresses it has.
fn row(text: &mut String, table: u32, id: u64, random: &mut Random) -> u64 {
    let (one, two) = (random.address(), random.address());
    let (day, hour, minute) = (1 + random.below(28), random.below(24), random.below(60));
    let time = format!("2026-11-{day:02} {hour:02}:{minute:02}:07");
    let (a, b) = (random.next(), random.next());
    let (row, addresses) = match table {
        0 => (
            format!(
                "{id}\t1\tsip:{one}:5060;transport=udp\t0\t0\tsocket=udp:{two}:5060;weight=50\tgateway {}\n",
                a % 999
            ),
            2,
        ),
        1 => (
            format!(
                "{id}\tuser{}\texample.net\t{a:016x}{b:016x}\t{b:016x}\t{time}\t<sip:+4930{}@{one}>\n",
                a % 99_999,
                b % 999_999
            ),
            1,
        ),
        2 => (
            format!(
                "{id}\tuloc-{a:x}\tuser{}\tsip:u@{one}:{};ob\tsip:{two}:5060\t{time}\tPhone 1.2.3\n",
                b % 99_999,
                1024 + a % 60_000
            ),
            2,
        ),
        3 => (
            format!(
                "INSERT INTO `acc` VALUES ({id},'INVITE','as{:x}','{b:x}@{one}','200','OK','{time}');\n",
                a & 0xff_ffff
            ),
            1,
        ),
        _ => (
            format!(
                "INSERT INTO `address` VALUES ({id},1,'{one}',32,5060,'office {}');\n",
                a % 999
            ),
            1,
        ),
    };
    text.push_str(&row);
    addresses
}

/// Xorshift: the same dump each time.
struct Random(u64);

impl Random {
    const fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u32) -> u32 {
        u32::try_from(self.next() % u64::from(limit)).expect("below the limit")
    }

    fn address(&mut self) -> String {
        if self.below(4) == 0 {
            own(self.below(OWN))
        } else {
            client(self.below(CLIENTS))
        }
    }
}
