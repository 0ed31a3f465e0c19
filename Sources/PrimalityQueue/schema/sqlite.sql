-- SPDX-License-Identifier: Apache-2.0
--
-- The queue of one host. States: batches 1 open, 2 paused, 3 cancelled, 4 finished; chunks 0 open, 1 leased, 2 done,
-- 3 failed. Times are seconds since 1970 by this host's clock.

create table about (
    schema integer not null,
    version text not null,
    lease real not null
);

create table batch (
    id integer primary key autoincrement,
    name text not null unique,
    owner text not null,
    spec text not null,
    digest text not null unique,
    priority integer not null,
    state integer not null,
    chunks integer not null default 0,
    candidates integer not null default 0,
    created real not null
);

create table chunk (
    batch integer not null references batch on delete cascade,
    no integer not null check (no between 0 and 1 << 60),
    first integer not null check (first between 0 and 1 << 60),
    count integer not null check (count between 1 and 1000000),
    cost real not null check (cost between 0 and 1e12),
    state integer not null default 0,
    attempt integer not null default 0,
    worker integer,
    until real,
    -- The hosts that lost it, separated by commas, and how often that was.
    lost text not null default '',
    losses integer not null default 0,
    payload blob not null,
    primary key (batch, no)
) without rowid;
create index chunk_open on chunk (batch, no) where state = 0;
create index chunk_leased on chunk (until) where state = 1;

create table worker (
    id integer primary key,
    host text not null,
    process integer not null,
    version text not null,
    level text not null,
    gmp text not null,
    cores integer not null,
    workers integer not null,
    pool text not null,
    started real not null,
    seen real not null
);

create table result (
    batch integer not null references batch on delete cascade,
    no integer not null,
    attempt integer not null,
    worker integer not null,
    done real not null,
    cost real not null,
    tested integer not null,
    passed integer not null,
    failed integer not null,
    cpu_ns integer not null,
    payload blob not null,
    primary key (batch, no)
) without rowid;
create index result_done on result (batch, done);

-- What a second test of a chunk by another host has found.
create table second (
    batch integer not null references batch on delete cascade,
    no integer not null,
    worker integer not null,
    done real not null,
    agrees integer not null,
    payload blob not null,
    primary key (batch, no)
) without rowid;
