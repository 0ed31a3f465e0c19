-- SPDX-License-Identifier: Apache-2.0
--
-- The queue of several hosts, for PostgreSQL 13 and later. States: batches 1 open, 2 paused, 3 cancelled, 4 finished;
-- chunks 0 open, 1 leased, 2 done, 3 failed. All times are the server's.
--
-- Tables belong to whoever runs this. Workers may execute claim, finish and renew, submitters the functions of batches,
-- and both nothing else: functions run with the owner's rights, on a fixed search_path.

create schema primality;
comment on schema primality is 'work queue of primality, form 1';

create table primality.about (
    schema integer not null,
    version text not null,
    lease double precision not null check (lease between 0.5 and 86400)
);

create table primality.batch (
    id bigint generated always as identity primary key,
    name text not null unique check (length(name) between 1 and 200),
    owner text not null default session_user,
    spec text not null check (length(spec) <= 10000),
    digest text unique,
    priority integer not null,
    -- 0: being submitted, which others see only when it is done.
    state smallint not null default 0,
    chunks bigint not null default 0,
    candidates bigint not null default 0,
    created timestamptz not null default clock_timestamp() check (isfinite(created))
);

create table primality.chunk (
    batch bigint not null references primality.batch on delete cascade,
    no bigint not null check (no between 0 and 1::bigint << 60),
    first bigint not null check (first between 0 and 1::bigint << 60),
    count integer not null check (count between 1 and 1000000),
    cost double precision not null check (cost between 0 and 1e12),
    state smallint not null default 0,
    attempt integer not null default 0 check (attempt between 0 and 1000000000),
    worker bigint,
    until timestamptz,
    lost text[] not null default '{}',
    payload bytea not null,
    primary key (batch, no)
) with (fillfactor = 70);
create index chunk_open on primality.chunk (batch, no) where state = 0;
create index chunk_leased on primality.chunk (until) where state = 1;

-- Where the last claim ended: 2^40 times the batch, and the number of the next chunk. A sequence has no old versions, and
-- everybody sees at once what it is set to.
create sequence primality.head minvalue 0 start 0;
-- When leases were looked through last, in milliseconds since 1970.
create sequence primality.swept minvalue 0 start 0;

create table primality.worker (
    id bigint primary key,
    role text not null default session_user,
    host text not null,
    process integer not null,
    version text not null,
    level text not null,
    gmp text not null,
    cores integer not null,
    workers integer not null,
    pool text not null,
    started timestamptz not null default clock_timestamp(),
    seen timestamptz not null default clock_timestamp()
);

create table primality.result (
    batch bigint not null references primality.batch on delete cascade,
    no bigint not null,
    attempt integer not null,
    worker bigint not null,
    done timestamptz not null default clock_timestamp(),
    cost double precision not null check (cost between 0 and 1e12),
    tested integer not null check (tested between 0 and 1000000),
    passed integer not null check (passed between 0 and 1000000),
    failed integer not null check (failed between 0 and 1000000),
    cpu_ns bigint not null check (cpu_ns >= 0),
    payload bytea not null check (length(payload) <= 268435456),
    primary key (batch, no)
);
create index result_done on primality.result (batch, done);

-- What a second test of a chunk by another host has found.
create table primality.second (
    batch bigint not null references primality.batch on delete cascade,
    no bigint not null,
    worker bigint not null,
    done timestamptz not null default clock_timestamp(),
    agrees boolean not null,
    payload bytea not null check (length(payload) <= 268435456),
    primary key (batch, no)
);

-- --- Workers -------------------------------------------------------------------------------------

create function primality.check_form(p_schema integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if p_schema is distinct from (select a.schema from primality.about a) then
        raise exception 'the queue was made by primality % and has the form %; this program knows %: use the same version on all hosts',
            (select a.version from primality.about a), (select a.schema from primality.about a), p_schema
            using errcode = 'PR001';
    end if;
end $$;

-- Opens again what nobody renewed, or calls it failed when that was the third time.
create function primality.expire() returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
    update primality.chunk c
        set state = case when cardinality(c.lost) >= 2 then 3 else 0 end,
            lost = c.lost || coalesce(
                (select replace(w.host, ',', ' ') from primality.worker w where w.id = c.worker), '?'),
            worker = null, until = null
        from (select k.batch, k.no from primality.chunk k where k.state = 1 and k.until < clock_timestamp()
            order by k.until limit 1000 for update skip locked) e
        where c.batch = e.batch and c.no = e.no;
$$;

-- Introduces a worker or says that it is alive, and prolongs the leases that it names; when these are all, what else it has
-- by the books is open again. Gives those that it does not hold any more.
create function primality.renew(
    p_schema integer, p_worker bigint, p_host text, p_process integer, p_version text, p_level text, p_gmp text,
    p_cores integer, p_workers integer, p_pool text, p_batches bigint[], p_nos bigint[], p_attempts integer[],
    p_is_all boolean)
returns table (lost_batch bigint, lost_no bigint, lost_attempt integer)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_lease interval;
    v_swept bigint;
begin
    perform primality.check_form(p_schema);
    select make_interval(secs => a.lease) into v_lease from primality.about a;
    insert into primality.worker as w (id, host, process, version, level, gmp, cores, workers, pool)
        values (p_worker, left(p_host, 200), p_process, left(p_version, 100), left(p_level, 100), left(p_gmp, 100),
            p_cores, p_workers, left(p_pool, 100))
        on conflict (id) do update set seen = clock_timestamp() where w.role = session_user;
    if not found then
        raise exception 'another role has this worker' using errcode = 'PR003';
    end if;
    -- In the order of drop: batches, then chunks.
    perform from primality.batch b where b.id = any (p_batches) order by b.id for key share;
    -- Chunks are found by their keys: an index of leases would have the entries of all that are over.
    update primality.chunk c set until = clock_timestamp() + v_lease
        from unnest(p_batches, p_nos, p_attempts) as h (batch, no, attempt), primality.batch b
        where c.batch = h.batch and c.no = h.no and c.attempt = h.attempt and c.state + 0 = 1 and c.worker = p_worker
        and b.id = c.batch and b.state = 1;
    -- Those of a batch that rests, or was cancelled.
    update primality.chunk c set state = 0, worker = null, until = null
        from unnest(p_batches, p_nos, p_attempts) as h (batch, no, attempt), primality.batch b
        where c.batch = h.batch and c.no = h.no and c.attempt = h.attempt and c.state + 0 = 1 and c.worker = p_worker
        and b.id = c.batch and b.state <> 1;
    if p_is_all then
        update primality.chunk c set state = 0, worker = null, until = null
            where c.state = 1 and c.worker = p_worker
            and (c.batch, c.no) not in (
                select h.batch, h.no from unnest(p_batches, p_nos, p_attempts) as h (batch, no, attempt)
                    join primality.chunk k on k.batch = h.batch and k.no = h.no and k.attempt = h.attempt);
    end if;
    -- What others hold, after what this one holds; by one worker at a time, and seldom: while an old snapshot is held the index has an entry for each lease that ever was.
    select t.last_value into v_swept from primality.swept t;
    if extract(epoch from clock_timestamp()) * 1000 - v_swept > extract(epoch from v_lease) * 1000 / 3 then
        perform setval('primality.swept', (extract(epoch from clock_timestamp()) * 1000)::bigint);
        perform primality.expire();
    end if;
    return query select h.batch, h.no, h.attempt from unnest(p_batches, p_nos, p_attempts) as h (batch, no, attempt)
        where not exists (select from primality.chunk c where c.batch = h.batch and c.no = h.no
            and c.attempt = h.attempt and c.state + 0 = 1 and c.worker = p_worker);
end $$;

-- Leases up to p_most chunks: of the batch with the highest priority, then of the oldest. A worker says where it had its
-- last one: from there on the index has no dead entries of chunks that are done, which a held snapshot keeps. Without
-- chunks one row says how many others have.
--
-- A chunk that two workers have lost may cost the third one, too. So it is claimed by who has no other, and kept alone: it
-- takes no others with it.
create function primality.claim(
    p_schema integer, p_worker bigint, p_most integer, p_batch bigint, p_from bigint, p_is_free boolean)
returns table (out_batch bigint, out_no bigint, out_attempt integer, out_first bigint, out_count integer,
    out_cost double precision, out_payload bytea, out_spec text, out_lease double precision, out_is_alone boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_lease double precision;
    v_batch record;
    v_from bigint;
    v_most integer := least(greatest(p_most, 1), 1000);
    v_head bigint;
    v_mask constant bigint := (1::bigint << 40) - 1;
    v_last bigint;
begin
    perform primality.check_form(p_schema);
    select a.lease into v_lease from primality.about a;
    if not exists (select from primality.worker w where w.id = p_worker and w.role = session_user) then
        raise exception 'the queue does not know this worker' using errcode = 'PR002';
    end if;
    select h.last_value into v_head from primality.head h;
    for v_batch in select b.id, b.spec from primality.batch b where b.state = 1 order by b.priority desc, b.id loop
        -- From where the last claim ended, from the beginning, and those that are to be alone.
        v_last := greatest(
            case when v_batch.id = p_batch then p_from end, case when v_batch.id = v_head >> 40 then v_head & v_mask end, 0);
        foreach v_from in array
            case when v_last > 0 then array[v_last, 0] else array[0::bigint] end
            || case when p_is_free then array[-1::bigint] else '{}' end
        loop
            v_last := null;
            for out_batch, out_no, out_attempt, out_first, out_count, out_cost, out_payload in
                with c as (
                    select k.no from primality.chunk k where k.state = 0 and k.batch = v_batch.id and k.no >= v_from
                        and (cardinality(k.lost) >= 2) = (v_from < 0)
                        order by k.no limit case when v_from < 0 then 1 else v_most end for update skip locked)
                update primality.chunk u
                    set state = 1, attempt = u.attempt + 1, worker = p_worker,
                        until = clock_timestamp() + make_interval(secs => v_lease)
                    from c where u.batch = v_batch.id and u.no = c.no
                    returning u.batch, u.no, u.attempt, u.first, u.count, u.cost, u.payload
            loop
                out_spec := case when v_batch.id is distinct from p_batch then v_batch.spec end;
                out_lease := v_lease;
                out_is_alone := v_from < 0;
                v_last := greatest(v_last, out_no);
                return next;
            end loop;
            if v_last is not null then
                if v_from >= 0 and v_last < v_mask then
                    perform setval('primality.head', (v_batch.id << 40) + v_last + 1);
                end if;
                return;
            end if;
        end loop;
        update primality.batch b set state = 4 where b.id = v_batch.id and b.state = 1
            and not exists (select from primality.chunk k where k.batch = v_batch.id and k.state = 0)
            and not exists (select from primality.chunk k where k.batch = v_batch.id and k.state = 1);
    end loop;
    return query select 0::bigint, count(*), 0, 0::bigint, 0, 0::double precision, null::bytea, null::text, v_lease, false
        from primality.chunk k where k.state = 1;
end $$;

-- Stores results. Gives for each whether it is stored, now or by an earlier call under the same lease: who lost the lease
-- stores nothing.
create function primality.finish(
    p_schema integer, p_worker bigint, p_batches bigint[], p_nos bigint[], p_attempts integer[],
    p_costs double precision[], p_tested integer[], p_passed integer[], p_failed integer[], p_cpu bigint[],
    p_payloads bytea[])
returns table (out_place bigint, out_stored boolean)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform primality.check_form(p_schema);
    if not exists (select from primality.worker w where w.id = p_worker and w.role = session_user) then
        raise exception 'the queue does not know this worker' using errcode = 'PR002';
    end if;
    -- In the order of drop: batches, then chunks. What is stored refers to the batch anyway.
    perform from primality.batch b where b.id = any (p_batches) order by b.id for key share;
    return query
        with i as (
            select * from unnest(p_batches, p_nos, p_attempts, p_costs, p_tested, p_passed, p_failed, p_cpu, p_payloads)
                with ordinality as t (batch, no, attempt, cost, tested, passed, failed, cpu, payload, place)),
        d as (
            update primality.chunk u set state = 2, until = null from i, primality.batch b
                where u.batch = i.batch and u.no = i.no and u.state + 0 = 1 and u.attempt = i.attempt
                and u.worker = p_worker and b.id = u.batch and b.state in (1, 2)
                returning u.batch, u.no, i.place),
        r as (
            insert into primality.result (batch, no, attempt, worker, cost, tested, passed, failed, cpu_ns, payload)
                select i.batch, i.no, i.attempt, p_worker, i.cost, i.tested, i.passed, i.failed, i.cpu, i.payload
                from i join d on d.place = i.place
                returning 1)
        select i.place, d.place is not null or exists (
                select from primality.result p where p.batch = i.batch and p.no = i.no and p.attempt = i.attempt
                    and p.worker = p_worker)
            from i left join d on d.place = i.place order by i.place;
end $$;

-- --- Submitters ----------------------------------------------------------------------------------

create function primality.begin_batch(p_schema integer, p_name text, p_spec text, p_priority integer) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_id bigint;
begin
    perform primality.check_form(p_schema);
    if (p_spec::json ->> 'schema')::integer is distinct from p_schema then
        raise exception 'this is no batch of the form %', p_schema using errcode = 'PR001';
    end if;
    insert into primality.batch (name, spec, priority) values (p_name, p_spec, p_priority) returning id into v_id;
    return v_id;
end $$;

create function primality.add_chunks(
    p_batch bigint, p_nos bigint[], p_firsts bigint[], p_counts integer[], p_costs double precision[],
    p_payloads bytea[])
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if not exists (select from primality.batch b where b.id = p_batch and b.owner = session_user and b.state = 0) then
        raise exception 'this batch is not being submitted by you' using errcode = 'PR003';
    end if;
    insert into primality.chunk (batch, no, first, count, cost, payload)
        select p_batch, t.no, t.first, t.count, t.cost, t.payload
        from unnest(p_nos, p_firsts, p_counts, p_costs, p_payloads) as t (no, first, count, cost, payload);
end $$;

create function primality.end_batch(p_batch bigint, p_digest text, p_chunks bigint, p_candidates bigint) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    update primality.batch b set state = 1, digest = p_digest, chunks = p_chunks, candidates = p_candidates
        where b.id = p_batch and b.owner = session_user and b.state = 0;
    if not found then
        raise exception 'this batch is not being submitted by you' using errcode = 'PR003';
    end if;
    return null;
exception when unique_violation then
    return (select b.name from primality.batch b where b.digest = p_digest);
end $$;

-- Whether who asks may change a batch: its owner, members of that role, and the queue's owner.
create function primality.owns(p_batch bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_owner text;
begin
    select b.owner into v_owner from primality.batch b where b.id = p_batch;
    if not found then
        raise exception 'there is no batch %', p_batch using errcode = 'PR003';
    end if;
    return v_owner = session_user or session_user = current_user
        or exists (select from pg_roles r where r.rolname = v_owner and pg_has_role(session_user, r.oid, 'member'));
end $$;

-- p_change: pause, resume, cancel, retry, prioritise or drop. Gives the state that does not allow it, or null.
create function primality.change_batch(p_schema integer, p_batch bigint, p_change text, p_priority integer)
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    v_state integer;
begin
    perform primality.check_form(p_schema);
    if not primality.owns(p_batch) then
        raise exception 'batch % is not yours', p_batch using errcode = 'PR003';
    end if;
    -- Who stores results has a lock on the batch that goes with this one, unless the batch is dropped.
    if p_change = 'drop' then
        select b.state into v_state from primality.batch b where b.id = p_batch for update;
    else
        select b.state into v_state from primality.batch b where b.id = p_batch for no key update;
    end if;
    if p_change = 'pause' and v_state in (3, 4) or p_change in ('resume', 'retry') and v_state = 3
        or p_change = 'cancel' and v_state = 4
    then
        return v_state;
    end if;
    case p_change
        when 'pause' then update primality.batch b set state = 2 where b.id = p_batch;
        when 'resume' then update primality.batch b set state = 1 where b.id = p_batch;
        when 'cancel' then update primality.batch b set state = 3 where b.id = p_batch;
        when 'retry' then
            update primality.chunk c set state = 0, lost = '{}' where c.batch = p_batch and c.state = 3;
            update primality.batch b set state = 1 where b.id = p_batch and b.state = 4;
        when 'prioritise' then update primality.batch b set priority = p_priority where b.id = p_batch;
        when 'drop' then delete from primality.batch b where b.id = p_batch;
    end case;
    return null;
end $$;

create function primality.note_second(
    p_schema integer, p_worker bigint, p_batch bigint, p_no bigint, p_agrees boolean, p_payload bytea)
returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    perform primality.check_form(p_schema);
    if not primality.owns(p_batch)
        or not exists (select from primality.worker w where w.id = p_worker and w.role = session_user)
    then
        raise exception 'batch % is not yours', p_batch using errcode = 'PR003';
    end if;
    insert into primality.second (batch, no, worker, agrees, payload)
        values (p_batch, p_no, p_worker, p_agrees, p_payload) on conflict do nothing;
end $$;

revoke all on all functions in schema primality from public;
