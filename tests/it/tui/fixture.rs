//! A pair, a plan, a form and a menu to try them in.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use pairadm::agent::protocol::{End, StepReport};
use pairadm::data::Verified;
use pairadm::engine;
use pairadm::engine::Progress;
use pairadm::facts::{BackupFacts, DataFacts, DataHeld, MirrorFacts};
use pairadm::intent::{Answers, Field, FieldKind, Form};
use pairadm::model::{BySide, Generation, Moved, OpId, Priority, Side, Traffic};
use pairadm::plan::{Action, Content, FilePut, Keep, Plan, Stage, Step, StepId, UnitVerb, Window};
use pairadm::status::{NodeStatus, Severity, Status, Warning};
use pairadm::translate::{Entry, Files, Findings, Found, Owners, Place, Scanned, Table, TranslationView};
use pairadm::tui::backend::{Identity, PairNames, Past, Unfinished};
use pairadm::tui::draw::draw;
use pairadm::tui::effect::{Effect, Job};
use pairadm::tui::event::{Event, JobId, Now, Reply};
use pairadm::tui::look::Look;
use pairadm::tui::state::State;
use pairadm::tui::update;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use unicode_width::UnicodeWidthStr;

pub const RICH: Look = Look {
    colour: true,
    unicode: true,
};
pub const BARE: Look = Look {
    colour: false,
    unicode: false,
};

pub fn identity() -> Identity {
    Identity {
        pair: Some(PairNames {
            name: "office".to_owned(),
            profile: "kamailio".to_owned(),
            hosts: BySide {
                primary: "alpha".to_owned(),
                secondary: "beta".to_owned(),
            },
        }),
        practice: false,
    }
}

fn node(hostname: &str, active: bool) -> NodeStatus {
    NodeStatus {
        hostname: hostname.to_owned(),
        unreachable: None,
        traffic: Some(if active {
            Traffic::Allowed
        } else {
            Traffic::Blocked
        }),
        holds: if active {
            vec!["10.77.0.10".parse().unwrap(), "fd77::10".parse().unwrap()]
        } else {
            Vec::new()
        },
        services: vec![("kamailio.service".to_owned(), "active".to_owned())],
        sip_us: Some(if active { 812 } else { 934 }),
        version: Some("kamailio 5.6.3 (x86_64/linux)".to_owned()),
        counters: vec![("calls".to_owned(), 12), ("registrations".to_owned(), 340)],
        link_us: Some(310),
        peer_us: Some(204),
        generation: Some(Generation(7)),
        pending_restart: Vec::new(),
        debts: Vec::new(),
        alarm_files: Vec::new(),
        alarms: Vec::new(),
        work: None,
        sync: None,
        next_run: None,
        mirrors: None,
        runs: Vec::new(),
    }
}

pub fn status() -> Status {
    Status {
        pair: "office".to_owned(),
        profile: "kamailio".to_owned(),
        at: "2026-11-20T20:41:07+00:00".to_owned(),
        active: Some(Side::Primary),
        priority: Priority::High,
        vips: vec![
            ("10.77.0.10".parse().unwrap(), vec![Side::Primary]),
            ("fd77::10".parse().unwrap(), vec![Side::Primary]),
        ],
        nodes: BySide {
            primary: node("alpha", true),
            secondary: node("beta", false),
        },
        last_operation: Some((OpId(12), "take over to primary (alpha)".to_owned(), false)),
        warnings: Vec::new(),
    }
}

/// Both hold a VIP, beta is silent, a restart is pending: the worst an operator meets at night.
pub fn troubled() -> Status {
    let mut status = status();
    status.active = None;
    status.vips[0].1 = vec![Side::Primary, Side::Secondary];
    status.vips[1].1 = Vec::new();
    status.nodes.primary.sip_us = None;
    status.nodes.primary.pending_restart = vec!["kamailio.service".to_owned()];
    status.nodes.secondary.traffic = None;
    status.last_operation = Some((OpId(13), "take over to secondary (beta)".to_owned(), true));
    let warning = |severity, code: &str, text: &str, hint: &str| Warning {
        severity,
        code: code.to_owned(),
        text: text.to_owned(),
        hint: Some(hint.to_owned()),
    };
    status.warnings = vec![
        warning(
            Severity::Critical,
            "vip_on_both",
            "10.77.0.10 is held by alpha and beta at once; calls reach either of them",
            "take over to the side that shall serve calls: entry 3",
        ),
        warning(
            Severity::Critical,
            "sip_silent",
            "the SIP service on alpha does not answer at 10.77.0.2",
            "look at `journalctl -u kamailio` on alpha",
        ),
        warning(
            Severity::Warning,
            "restart_pending",
            "kamailio on alpha still runs with its old configuration",
            "restart it when calls allow it: entry 6",
        ),
    ];
    status
}

pub fn plan() -> Plan {
    let file = |id: u32, side: Side, path: &str, diff: &str| Step {
        id: StepId(id),
        side,
        title: format!("write {path}"),
        action: Action::File(FilePut {
            path: path.to_owned(),
            content: Some(Content::Text("content".to_owned())),
            mode: 0o644,
            force_mode: false,
            owner: None,
            before: Some("0".repeat(64)),
            diff: diff.to_owned(),
            keep: Keep::Beside,
        }),
        armed: false,
    };
    let hosts = "--- /etc/hosts\n+++ /etc/hosts\n@@ -1,3 +1,4 @@\n 127.0.0.1 localhost\n-10.77.0.2 alpha\n+10.77.0.2 alpha.example.net alpha\n+10.77.0.3 beta.example.net beta\n ::1 localhost\n";
    let sysctl = "--- /etc/sysctl.d/60-pairadm.conf\n+++ /etc/sysctl.d/60-pairadm.conf\n@@ -0,0 +1,2 @@\n+net.ipv4.ip_nonlocal_bind = 1\n+net.ipv6.ip_nonlocal_bind = 1\n";
    let unit = |id: u32, side: Side| Step {
        id: StepId(id),
        side,
        title: "restart kamailio.service".to_owned(),
        action: Action::Unit {
            unit: "kamailio.service".to_owned(),
            verb: UnitVerb::Restart,
        },
        armed: false,
    };
    let stage = |title: &str, steps| Stage {
        title: title.to_owned(),
        steps,
        window: Window::None,
    };
    Plan {
        operation: "configure".to_owned(),
        title: "configure alpha and beta".to_owned(),
        asked: vec![("restart".to_owned(), "now".to_owned())],
        facts: "f".repeat(64),
        notice: vec![
            "This is service affecting: kamailio.service is restarted on both nodes, one after the other."
                .to_owned(),
            "In-place backups carry the tag .pairadm_4711_1795209667.".to_owned(),
        ],
        stages: vec![
            stage(
                "write files",
                vec![
                    file(1, Side::Primary, "/etc/hosts", hosts),
                    file(2, Side::Secondary, "/etc/hosts", hosts),
                    file(3, Side::Secondary, "/etc/sysctl.d/60-pairadm.conf", sysctl),
                ],
            ),
            stage(
                "restart services",
                vec![unit(4, Side::Secondary), unit(5, Side::Primary)],
            ),
        ],
        sides: Side::BOTH.to_vec(),
        service_affecting: true,
        how_to_undo: "mv each backup over its file, then restart kamailio on both nodes".to_owned(),
    }
}

pub fn empty_plan() -> Plan {
    Plan {
        stages: Vec::new(),
        notice: Vec::new(),
        service_affecting: false,
        ..plan()
    }
}

#[allow(clippy::unnecessary_wraps, reason = "the signature is the form's")]
fn any(_: &str, _: &Answers) -> Result<(), String> {
    Ok(())
}

fn always(_: &Answers) -> bool {
    true
}

fn address(value: &str, _: &Answers) -> Result<(), String> {
    match value.parse::<std::net::IpAddr>() {
        Ok(_) => Ok(()),
        Err(_) => Err(format!(
            "`{value}` is not an address; accepted: 192.0.2.1 or 2001:db8::1"
        )),
    }
}

fn field(key: &'static str, prompt: &'static str, help: &'static str, kind: FieldKind) -> Field {
    Field {
        key,
        prompt,
        help,
        kind,
        default: None,
        required: false,
        check: any,
        asked_if: always,
    }
}

pub fn form() -> Form {
    let restart = [
        ("now", "restart the service now"),
        ("later", "restart it later"),
        ("cancel", "do not configure"),
    ];
    let choices = restart.map(|(value, label)| (value.to_owned(), label.to_owned()));
    Form {
        title: "Configure the pair".to_owned(),
        fields: vec![
            Field {
                required: true,
                check: address,
                default: Some("10.77.0.2".to_owned()),
                ..field(
                    "primary.address",
                    "Address of the primary",
                    "The address at which the primary serves SIP, without a prefix length.\nFind it with `ip address` on that server.",
                    FieldKind::Text,
                )
            },
            Field {
                required: true,
                check: address,
                ..field(
                    "secondary.address",
                    "Address of the secondary",
                    "The address at which the secondary serves SIP, without a prefix length.",
                    FieldKind::Text,
                )
            },
            Field {
                default: Some("no".to_owned()),
                ..field(
                    "ntp.use",
                    "Set up time keeping",
                    "Whether chrony is configured on both nodes.",
                    FieldKind::YesNo,
                )
            },
            Field {
                required: true,
                asked_if: |answers| answers.is_yes("ntp.use"),
                ..field(
                    "ntp.servers",
                    "NTP servers",
                    "Names or addresses.",
                    FieldKind::List,
                )
            },
            Field {
                default: Some("later".to_owned()),
                ..field(
                    "restart",
                    "Restart services",
                    "A changed configuration takes effect with the restart.",
                    FieldKind::Choice(choices.to_vec()),
                )
            },
            field(
                "confirm",
                "Type FORCE to go on",
                "Only needed when the peer is lost.",
                FieldKind::TypedConfirmation("FORCE".to_owned()),
            ),
        ],
    }
}

pub fn past() -> Vec<Past> {
    let past = |op, title: &str, end| Past {
        op: OpId(op),
        title: title.to_owned(),
        when: format!("2026-11-20 20:{:02}", op + 10),
        who: "root@alpha".to_owned(),
        end,
    };
    vec![
        past(13, "take over to secondary (beta)", None),
        past(12, "take over to primary (alpha)", Some(End::Committed)),
        past(11, "block traffic on the secondary (beta)", Some(End::RolledBack)),
        past(10, "configure alpha and beta", Some(End::Committed)),
    ]
}

pub fn unfinished() -> Unfinished {
    Unfinished {
        op: OpId(13),
        plan: plan(),
        done: 3,
        who: "root@alpha".to_owned(),
        since: "2026-11-20 20:23".to_owned(),
        decided: None,
    }
}

/// A table with a row of each kind: missing, decided, kept, undecided, unlisted.
pub fn translation_view() -> TranslationView {
    let entry = |from: &str, to: &str, note: &str| Entry {
        from: from.parse().unwrap(),
        to: to.parse().ok(),
        note: (!note.is_empty()).then(|| note.to_owned()),
    };
    let place = |file: &str, table: Option<&str>, column: Option<&str>, line, count| Place {
        file: file.to_owned(),
        table: table.map(str::to_owned),
        column: column.map(str::to_owned),
        line,
        count,
    };
    let found = |subject: &str, places: Vec<Place>| Found {
        subject: subject.parse().unwrap(),
        spellings: 1,
        count: places.iter().map(|place| place.count).sum(),
        places,
        more_places: 0,
    };
    let config = |line, count| place("etc/kamailio/kamailio.cfg", None, None, Some(line), count);
    let row = |table, column, count| place("kamailio.sqlite", Some(table), Some(column), None, count);
    let mut all = vec![
        found("10.77.0.2", vec![config(14, 2), row("location", "socket", 338)]),
        found("10.77.0.10", vec![config(9, 4)]),
        found("10.77.0.3", vec![row("dispatcher", "destination", 1)]),
        found("10.50.1.20", vec![row("address", "ip_addr", 3)]),
        found("192.0.2.77", vec![row("dispatcher", "destination", 12)]),
        found("2001:db8:50::20", vec![config(40, 1)]),
        found("198.51.100.0/24", vec![row("address", "mask", 2)]),
    ];
    all.sort_by_key(|found| found.subject);
    TranslationView {
        table: Table {
            entries: vec![
                entry("10.50.1.20", "10.60.1.20", "sbc in the old building"),
                entry("2001:db8:50::20", "2001:db8:60::20", ""),
                entry("192.0.2.77", "10.77.0.254", "provider"),
                entry("198.51.100.0/24", "198.51.100.0/24", "phones"),
                entry("203.0.113.9", "", "to be asked"),
            ],
        },
        files: Files {
            shown: Some(Side::Secondary),
            ..Files::default()
        },
        not_scanned: None,
        no_data: false,
        scanned: Some(Scanned {
            side: Side::Primary,
            what: "mirror op7".to_owned(),
            made: 1_795_200_000,
            findings: Findings {
                found: all,
                opaque: Vec::new(),
                left_out: 0,
            },
        }),
        owners: Owners {
            primary: ["10.77.0.2", "10.77.0.10"].map(|ip| ip.parse().unwrap()).to_vec(),
            secondary: ["10.77.0.3", "10.77.0.10"].map(|ip| ip.parse().unwrap()).to_vec(),
            virtual_addresses: vec!["10.77.0.10".parse().unwrap()],
            others: vec![("10.77.0.254".parse().unwrap(), "the control address".to_owned())],
        },
    }
}

/// A backup of the primary, two mirrors of it of which the older one is loaded, and a failback mirror.
pub fn held() -> BySide<DataHeld> {
    let mirror = |op: u64, made: i64| MirrorFacts {
        name: format!("op{op}"),
        op: OpId(op),
        made,
        copied: made + 600,
        verified: Verified {
            at: made + 600,
            fault: None,
        },
        bytes: 150 << 20,
        shared: 0,
        files: 412,
        generation: Generation(7),
        version: Some("kamailio 5.6.3".to_owned()),
        node: "alpha".to_owned(),
        source: Side::Primary,
    };
    let now = 1_795_300_000;
    let primary = DataFacts {
        backup: Some(BackupFacts {
            path: "/var/lib/pairadm/backup/op12".to_owned(),
            manifest: Some("0".repeat(64)),
            made: now - 7_200,
            bytes: 150 << 20,
            files: 412,
            op: Some(OpId(12)),
            generation: Some(Generation(7)),
            version: Some("kamailio 5.6.3 (x86_64/linux)".to_owned()),
            node: Some("alpha".to_owned()),
        }),
        mirrors: vec![MirrorFacts {
            node: "beta".to_owned(),
            source: Side::Secondary,
            ..mirror(8, now - 5 * 86_400)
        }],
        free: 11 << 30,
        ..DataFacts::default()
    };
    let secondary = DataFacts {
        mirrors: vec![mirror(11, now - 93_600), mirror(9, now - 3 * 86_400)],
        loaded: Some("op9".to_owned()),
        free: 12 << 30,
        ..DataFacts::default()
    };
    let held = |hostname: &str, data| DataHeld {
        hostname: hostname.to_owned(),
        now,
        data: Some(data),
        error: None,
    };
    BySide {
        primary: held("alpha", primary),
        secondary: held("beta", secondary),
    }
}

pub fn told(at_us: u64, progress: Progress) -> Event {
    Event::Progress(engine::Event { at_us, progress })
}

/// The fourth step copies a gigabyte.
pub fn long_step() -> Event {
    told(
        142_000,
        Progress::Moved {
            step: StepId(4),
            side: Side::Secondary,
            moved: Moved {
                what: "copy".to_owned(),
                done: 460 << 20,
                total: Some(1 << 30),
                rate: 120 << 20,
            },
        },
    )
}

pub fn done(step: u32, side: Side, took_us: u64, changed: bool) -> Event {
    told(
        u64::from(step) * 40_000,
        Progress::Done {
            step: StepId(step),
            side,
            took_us,
            report: StepReport {
                changed,
                detail: String::new(),
                backup: None,
            },
        },
    )
}

/// A menu with its effects collected.
pub struct Menu {
    pub state: State,
    pub effects: Vec<Effect>,
}

impl Menu {
    pub fn new(look: Look, size: (u16, u16)) -> Self {
        Self::named(look, size, identity())
    }

    /// A menu on a practice lab.
    pub fn practising(look: Look, size: (u16, u16)) -> Self {
        let identity = Identity {
            practice: true,
            ..identity()
        };
        Self::named(look, size, identity)
    }

    fn named(look: Look, size: (u16, u16), identity: Identity) -> Self {
        let mut state = State::new(look, size, identity);
        let effects = update::start(&mut state);
        let mut menu = Self { state, effects };
        menu.at(0);
        menu
    }

    /// A menu whose nodes have answered.
    pub fn answered(look: Look, size: (u16, u16), status: Status) -> Self {
        let mut menu = Self::new(look, size);
        menu.status(status);
        menu.at(3_000);
        menu
    }

    pub fn event(&mut self, event: Event) {
        let effects = update::update(&mut self.state, event);
        self.effects.extend(effects);
    }

    pub fn at(&mut self, ms: u64) {
        self.event(Event::Tick(Now { ms, clock: (20, 41) }));
    }

    pub fn status(&mut self, status: Status) {
        self.event(Event::Status {
            identity: identity(),
            status: Some(Ok(Box::new(status))),
        });
    }

    pub fn press(&mut self, code: KeyCode) {
        self.event(Event::Key(KeyEvent::from(code)));
    }

    pub fn control(&mut self, character: char) {
        self.event(Event::Key(KeyEvent::new(
            KeyCode::Char(character),
            KeyModifiers::CONTROL,
        )));
    }

    pub fn type_text(&mut self, text: &str) {
        for character in text.chars() {
            self.press(KeyCode::Char(character));
        }
    }

    /// Chooses an entry of the menu by number.
    pub fn choose(&mut self, number: &str) {
        self.type_text(number);
        self.press(KeyCode::Enter);
    }

    /// The newest job that was started.
    pub fn job(&self) -> (JobId, &Job) {
        self.effects
            .iter()
            .rev()
            .find_map(|effect| match effect {
                Effect::Job(id, job) => Some((*id, job)),
                _ => None,
            })
            .expect("a job was started")
    }

    /// Answers the newest job.
    pub fn reply(&mut self, reply: Reply) {
        let (id, _) = self.job();
        self.event(Event::Reply(id, reply));
    }

    pub fn buffer(&self) -> Buffer {
        let (columns, rows) = self.state.size;
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| draw(frame, &self.state)).unwrap();
        terminal.backend().buffer().clone()
    }

    /// The frame as text, a line a row, without blanks at the ends.
    pub fn text(&self) -> String {
        let buffer = self.buffer();
        let columns = usize::from(buffer.area.width);
        let rows = buffer.content.chunks(columns).map(|cells| {
            let mut row = String::new();
            let mut column = 0;
            while let Some(cell) = cells.get(column) {
                row.push_str(cell.symbol());
                // A wide character covers the cells after it.
                column += cell.symbol().width().max(1);
            }
            row.trim_end().to_owned()
        });
        rows.collect::<Vec<_>>().join("\n")
    }

    #[track_caller]
    pub fn shows(&self, words: &str) {
        let text = self.text();
        assert!(text.contains(words), "`{words}` is not in\n{text}");
    }

    #[track_caller]
    pub fn shows_not(&self, words: &str) {
        let text = self.text();
        assert!(!text.contains(words), "`{words}` is in\n{text}");
    }
}
