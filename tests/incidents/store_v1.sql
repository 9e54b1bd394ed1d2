-- A store of version 1 of the schema, with data, for SQLite and PostgreSQL.
BEGIN TRANSACTION;
CREATE TABLE aftershock_counter (
	last INTEGER NOT NULL
);
INSERT INTO "aftershock_counter" VALUES(3);
CREATE TABLE aftershock_incident (
	number INTEGER NOT NULL,
	uid VARCHAR(64) NOT NULL,
	events INTEGER NOT NULL,
	PRIMARY KEY (number),
	UNIQUE (uid)
);
INSERT INTO "aftershock_incident" VALUES(1,'first',9);
INSERT INTO "aftershock_incident" VALUES(2,'second',4);
INSERT INTO "aftershock_incident" VALUES(3,'third',2);
CREATE TABLE aftershock_event (
	incident INTEGER NOT NULL,
	number INTEGER NOT NULL,
	body TEXT NOT NULL,
	PRIMARY KEY (incident, number),
	FOREIGN KEY(incident) REFERENCES aftershock_incident (number)
);
INSERT INTO "aftershock_event" VALUES(1,1,'{"number":1,"at":"2026-03-01T06:05:00Z","by":"ada","change":{"kind":"opened","uid":"first","title":"Orders are doubled","category":"duplicate-load","detected_at":"2026-03-01T06:00:00Z","source":"dbt build","deadlines":[{"what":"initial notification","at":"2026-03-01T06:15:00Z"},{"what":"next update","at":"2026-03-01T07:00:00Z"}]}}');
INSERT INTO "aftershock_event" VALUES(1,2,'{"number":2,"at":"2026-03-01T06:10:00Z","by":"ada","change":{"kind":"moved","to":"investigating"}}');
INSERT INTO "aftershock_event" VALUES(1,3,'{"number":3,"at":"2026-03-01T06:10:00Z","by":"ada","change":{"kind":"noted","text":"It''s the loader: \u0000 ünïcode \"kind\":\"moved\""}}');
INSERT INTO "aftershock_event" VALUES(1,4,'{"number":4,"at":"2026-03-01T07:10:00Z","by":"grace","change":{"kind":"moved","to":"mitigated","happened_at":"2026-03-01T07:00:00Z"}}');
INSERT INTO "aftershock_event" VALUES(1,5,'{"number":5,"at":"2026-03-01T08:01:00Z","by":"grace","change":{"kind":"moved","to":"resolved","happened_at":"2026-03-01T08:00:00Z","code":"fixed","checked":{"at":"2026-03-01T08:00:00Z","since":"2026-03-01T07:00:00Z","repaired":2,"total":2},"deadlines":[{"what":"postmortem","at":"2026-03-03T08:00:00Z"}]}}');
INSERT INTO "aftershock_event" VALUES(1,6,'{"number":6,"at":"2026-03-01T08:01:00Z","by":"grace","change":{"kind":"edited","root_cause":"a retry"}}');
INSERT INTO "aftershock_event" VALUES(1,7,'{"number":7,"at":"2026-03-02T10:00:00Z","by":"ada","change":{"kind":"moved","to":"postmortem"}}');
INSERT INTO "aftershock_event" VALUES(1,8,'{"number":8,"at":"2026-03-02T10:00:00Z","by":"ada","change":{"kind":"action-added","item":"add a key","owner":"Ada","due":"2026-03-08"}}');
INSERT INTO "aftershock_event" VALUES(1,9,'{"number":9,"at":"2026-03-02T10:00:00Z","by":"ada","change":{"kind":"moved","to":"closed"}}');
INSERT INTO "aftershock_event" VALUES(2,1,'{"number":1,"at":"2026-03-01T06:07:00Z","by":"ada","change":{"kind":"opened","uid":"second","title":"Orders are late","category":"stale-data","detected_at":"2026-03-01T06:00:00Z"}}');
INSERT INTO "aftershock_event" VALUES(3,1,'{"number":1,"at":"2026-03-01T06:08:00Z","by":"ada","change":{"kind":"opened","uid":"third","title":"Refunds are late","category":"stale-data","detected_at":"2026-03-01T06:00:00Z"}}');
INSERT INTO "aftershock_event" VALUES(3,2,'{"number":2,"at":"2026-03-01T06:20:00Z","by":"ada","change":{"kind":"moved","to":"merged","reason":"the same loader","into":"INC-2"}}');
INSERT INTO "aftershock_event" VALUES(2,2,'{"number":2,"at":"2026-03-01T06:20:00Z","by":"ada","change":{"kind":"absorbed","incident":"INC-3","title":"Refunds are late"}}');
INSERT INTO "aftershock_event" VALUES(2,3,'{"number":3,"at":"2026-03-01T06:30:00Z","by":"ada","change":{"kind":"moved","to":"investigating"}}');
INSERT INTO "aftershock_event" VALUES(2,4,'{"number":4,"at":"2026-03-01T06:30:00Z","by":"ada","change":{"kind":"moved","to":"mitigated"}}');
CREATE TABLE aftershock_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT aftershock_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "aftershock_version" VALUES('1');
COMMIT;
