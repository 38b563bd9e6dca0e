-- Looking at many runs at once: lists by any filter, tallies of what has ended, and the lines that say what went wrong.
--
-- The journal pays for as little of it as can be. It notes which runs have ended (ended_runs), and the scheduler counts those
-- a few seconds later: tallies and lines are written there, each run's once.

-- ── Lists ────────────────────────────────────────────────────────────────────────────────────────────────────────────
-- What lists are filtered by stands in plain columns: row-level security lets Postgres use an index, and what it knows
-- of the values, only for comparisons that cannot leak them, which those of numeric and json are not among.
alter table runs
    alter column cost_usd type float8,
    -- What somebody has sent may hold NUL, at which a look inside JSON fails.
    add column trigger_kind text generated always as (
        case when position('\u0000' in trigger::text) = 0 then trigger->>'kind'
             else substring(trigger::text from '^[{] *"kind" *: *"([a-z]+)"') end) stored,
    add column took_s float8 generated always as (extract(epoch from finished_at - started_at)::float8) stored;

create index runs_of_version on runs (workspace_id, version_id, id);
-- Most runs are in none of these when they are over.
create index runs_by_status on runs (workspace_id, status, id) where status <> 'succeeded';
create index runs_by_trigger on runs (workspace_id, trigger_kind, id)
    where trigger_kind not in ('manual', 'schedule', 'webhook', 'poll');
create index runs_that_took on runs (workspace_id, took_s) where took_s >= 1;
create index runs_that_cost on runs (workspace_id, cost_usd) where cost_usd > 0;

-- As before; what is generated is not copied when rows move.
create or replace function make_partitions(p_from timestamptz, p_months integer) returns integer
language plpgsql security definer set search_path = public, pg_temp set client_min_messages = warning as $$
declare
    made integer := 0;
    month timestamptz;
    parent text;
    part text;
    columns text;
    lower uuid;
    upper uuid;
    strays boolean;
begin
    if p_months > 60 or p_from not between now() - interval '10 years' and now() + interval '10 years' then
        raise exception 'partitions are made for the years around now, at most 60 months at a time'
            using errcode = 'invalid_parameter_value';
    end if;
    perform pg_advisory_xact_lock(7010010);
    perform set_config('plainwork.upkeep', 'on', true); -- not as a setting of the function: that takes a superuser
    for month in
        select date_trunc('month', p_from at time zone 'UTC') at time zone 'UTC' + make_interval(months => i)
        from generate_series(0, p_months - 1) i
        union
        (select distinct date_trunc('month', s.at at time zone 'UTC') at time zone 'UTC'
         from (select uuid7_time(r.id) from runs_default r union all select uuid7_time(t.run_id) from steps_default t) s(at)
         where s.at between now() - interval '10 years' and now() + interval '10 years' limit 60)
        order by 1
    loop
        lower := uuid7_at(month);
        upper := uuid7_at(month + interval '1 month');
        foreach parent in array array['runs', 'steps'] loop
            part := format('%s_%s', parent, to_char(month at time zone 'UTC', 'YYYY_MM'));
            continue when to_regclass(part) is not null;
            execute format('select exists (select from %I where %I >= $1 and %2$I < $2)', parent || '_default',
                           case parent when 'runs' then 'id' else 'run_id' end) into strays using lower, upper;
            if strays then
                select string_agg(format('%I', a.attname), ', ') into columns from pg_attribute a
                where a.attrelid = parent::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = '';
                execute format('create table %I (like %I including all)', part, parent);
                execute format('with moved as (delete from %I where %I >= $1 and %2$I < $2 returning *) '
                               'insert into %I (%4$s) select %4$s from moved', parent || '_default',
                               case parent when 'runs' then 'id' else 'run_id' end, part, columns) using lower, upper;
                execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, part, lower, upper);
            else
                execute format('create table %I partition of %I for values from (%L) to (%L)', part, parent, lower, upper);
            end if;
            call guard_table(part::regclass);
            made := made + 1;
        end loop;
    end loop;
    perform set_config('plainwork.upkeep', '', true);
    return made;
end $$;

-- ── What is to be counted ────────────────────────────────────────────────────────────────────────────────────────────
create table ended_runs (
    workspace_id uuid not null,
    run_id       uuid not null,
    primary key (workspace_id, run_id)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
call guard_tenant_table('ended_runs');

-- A run that ends leaves the queue, whoever ends it; one that could not be delivered has never been there.
create function note_ended_runs() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into ended_runs (workspace_id, run_id) select g.workspace_id, g.run_id from gone g on conflict do nothing;
    return null;
end $$;
create trigger note_ended_runs after delete on queue referencing old table as gone
    for each statement execute function note_ended_runs();

create function note_undelivered_run() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into ended_runs (workspace_id, run_id) values (new.workspace_id, new.id) on conflict do nothing;
    return null;
end $$;
create trigger note_undelivered_run after insert on runs
    for each row when (new.finished_at is not null) execute function note_undelivered_run();

-- ── Tallies ──────────────────────────────────────────────────────────────────────────────────────────────────────────
-- How many durations fell into which bucket. Bucket b holds those from 2^(b/8) to 2^((b+1)/8) microseconds, so that a
-- quantile is never off by more than 5 %; two histograms added are the histogram of both.
create type histogram as (buckets smallint[], counts integer[]);

create function bucket_of(p_ms float8) returns smallint language sql immutable parallel safe
return least(floor(8 * ln(greatest(p_ms * 1000, 1)) / ln(2::float8)), 32767)::smallint;

create function add_histograms(one histogram, other histogram) returns histogram language sql immutable parallel safe as $$
    select row(coalesce(array_agg(s.bucket order by s.bucket), '{}'), coalesce(array_agg(s.n order by s.bucket), '{}'))::histogram
    from (
        select u.bucket, sum(u.n)::integer as n
        from (select * from unnest((one).buckets, (one).counts) union all
              select * from unnest((other).buckets, (other).counts)) as u(bucket, n)
        group by u.bucket
    ) s
$$;

-- One row for each hour, and for each day (UTC), in which runs of a version have ended. Retention leaves them alone.
create table run_tallies (
    workspace_id uuid not null,
    span         text not null check (span in ('hour', 'day')),
    at           timestamptz not null,
    agent_id     uuid not null,
    version_id   uuid not null,
    runs         integer not null,
    succeeded    integer not null,
    failed       integer not null,
    cancelled    integer not null,
    tokens       bigint not null,
    cost_usd     float8 not null,
    took         histogram not null default row('{}', '{}')::histogram,
    primary key (workspace_id, span, at, agent_id, version_id)
);

-- The attempts at one node in those runs. node: the step's path without the numbers of rounds.
create table step_tallies (
    workspace_id uuid not null,
    span         text not null check (span in ('hour', 'day')),
    at           timestamptz not null,
    agent_id     uuid not null,
    version_id   uuid not null,
    node         text not null,
    attempts     integer not null,
    failed       integer not null,
    took         histogram not null default row('{}', '{}')::histogram,
    primary key (workspace_id, span, at, agent_id, version_id, node)
);

-- Calls of models: in those runs; and those that belong to no run, in the hour of the call, under ids of zeros.
create table call_tallies (
    workspace_id     uuid not null,
    span             text not null check (span in ('hour', 'day')),
    at               timestamptz not null,
    agent_id         uuid not null,
    version_id       uuid not null,
    node             text not null,
    provider         text not null,
    model            text not null,
    calls            integer not null,
    failed           integer not null,
    unpriced         integer not null, -- whose price is not known
    input_tokens     bigint not null,
    output_tokens    bigint not null,
    cached_tokens    bigint not null,
    reasoning_tokens bigint not null,
    cost_usd         float8 not null,
    took             histogram not null default row('{}', '{}')::histogram,
    primary key (workspace_id, span, at, agent_id, version_id, node, provider, model)
);

-- What failed runs and steps say, and what code steps have printed. kind: run_failed, step_failed, printed.
create table log_lines (
    workspace_id uuid not null,
    id           uuid not null, -- begins with the time
    at           timestamptz not null,
    run_id       uuid not null,
    agent_id     uuid not null,
    kind         text not null,
    path         text,
    message      text not null,
    -- The workspace is a word too, so that a search reads no other's lines.
    words        tsvector not null generated always as
                 (to_tsvector('simple', coalesce(path, '') || ' ' || message) || array_to_tsvector(array[workspace_id::text])) stored,
    primary key (workspace_id, id)
);
create index log_lines_of_run on log_lines (workspace_id, run_id);
create index log_lines_by_word on log_lines using gin (words);

call guard_tenant_table('run_tallies');
call guard_tenant_table('step_tallies');
call guard_tenant_table('call_tallies');
call guard_tenant_table('log_lines');

-- ── Counting ─────────────────────────────────────────────────────────────────────────────────────────────────────────
create function tally_runs(p_workspace uuid[], p_run uuid[]) returns void
language sql set search_path = public, pg_temp as $$
    insert into run_tallies as t (workspace_id, span, at, agent_id, version_id, runs, succeeded, failed, cancelled, tokens,
                                  cost_usd, took)
    select b.workspace_id, b.span, b.at, b.agent_id, b.version_id, sum(b.runs), sum(b.succeeded), sum(b.failed),
           sum(b.cancelled), sum(b.tokens), sum(b.cost_usd),
           row(coalesce(array_agg(b.bucket order by b.bucket) filter (where b.bucket is not null), '{}'),
               coalesce(array_agg(b.runs order by b.bucket) filter (where b.bucket is not null), '{}'))::histogram
    from (
        select r.workspace_id, s.span, date_trunc(s.span, r.finished_at, 'UTC') as at, r.agent_id, r.version_id,
               bucket_of(r.took_s * 1000) as bucket, count(*)::integer as runs,
               count(*) filter (where r.status = 'succeeded') as succeeded,
               count(*) filter (where r.status = 'failed') as failed,
               count(*) filter (where r.status = 'cancelled') as cancelled,
               sum(r.tokens) as tokens, sum(r.cost_usd) as cost_usd
        from unnest(p_workspace, p_run) as u(w, id)
        join runs r on r.workspace_id = u.w and r.id = u.id and r.finished_at is not null
        cross join (values ('hour'), ('day')) s(span)
        group by 1, 2, 3, 4, 5, 6
    ) b
    group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
    on conflict (workspace_id, span, at, agent_id, version_id) do update set
        runs = t.runs + excluded.runs, succeeded = t.succeeded + excluded.succeeded, failed = t.failed + excluded.failed,
        cancelled = t.cancelled + excluded.cancelled, tokens = t.tokens + excluded.tokens,
        cost_usd = t.cost_usd + excluded.cost_usd, took = add_histograms(t.took, excluded.took);
$$;

create function tally_steps(p_workspace uuid[], p_run uuid[]) returns void
language sql set search_path = public, pg_temp as $$
    insert into step_tallies as t (workspace_id, span, at, agent_id, version_id, node, attempts, failed, took)
    select b.workspace_id, b.span, b.at, b.agent_id, b.version_id, b.node, sum(b.attempts), sum(b.failed),
           row(coalesce(array_agg(b.bucket order by b.bucket) filter (where b.bucket is not null), '{}'),
               coalesce(array_agg(b.attempts order by b.bucket) filter (where b.bucket is not null), '{}'))::histogram
    from (
        select r.workspace_id, s.span, date_trunc(s.span, r.finished_at, 'UTC') as at, r.agent_id, r.version_id, j.node,
               j.bucket, sum(j.attempts)::integer as attempts, sum(j.failed) as failed
        from unnest(p_workspace, p_run) as u(w, id)
        join runs r on r.workspace_id = u.w and r.id = u.id and r.finished_at is not null
        cross join lateral (
            select regexp_replace(s.path, '\[\d+\]', '', 'g') as node, bucket_of(s.took_ms) as bucket, count(*) as attempts,
                   count(*) filter (where s.status = 'failed') as failed
            from steps s
            where s.workspace_id = r.workspace_id and s.run_id = r.id and s.attempt > 0 and s.source = 'taken'
              and s.status in ('succeeded', 'failed')
            group by 1, 2
        ) j
        cross join (values ('hour'), ('day')) s(span)
        group by 1, 2, 3, 4, 5, 6, 7
    ) b
    group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6
    on conflict (workspace_id, span, at, agent_id, version_id, node) do update set
        attempts = t.attempts + excluded.attempts, failed = t.failed + excluded.failed,
        took = add_histograms(t.took, excluded.took);
$$;

create function tally_calls(p_workspace uuid[], p_call uuid[]) returns void
language sql set search_path = public, pg_temp as $$
    insert into call_tallies as t (workspace_id, span, at, agent_id, version_id, node, provider, model, calls, failed, unpriced,
                                   input_tokens, output_tokens, cached_tokens, reasoning_tokens, cost_usd, took)
    select b.workspace_id, b.span, b.at, b.agent_id, b.version_id, b.node, b.provider, b.model, sum(b.calls), sum(b.failed),
           sum(b.unpriced), sum(b.input), sum(b.output), sum(b.cached), sum(b.reasoning), sum(b.cost_usd),
           row(array_agg(b.bucket order by b.bucket), array_agg(b.calls order by b.bucket))::histogram
    from (
        select c.workspace_id, s.span, date_trunc(s.span, coalesce(r.finished_at, c.at), 'UTC') as at,
               coalesce(r.agent_id, c.agent_id, '00000000-0000-0000-0000-000000000000') as agent_id,
               coalesce(r.version_id, c.version_id, '00000000-0000-0000-0000-000000000000') as version_id,
               coalesce(regexp_replace(c.step_path, '\[\d+\]', '', 'g'), '') as node, c.provider, c.model,
               bucket_of(c.latency_ms) as bucket, count(*)::integer as calls,
               count(*) filter (where c.status = 'failed') as failed, count(*) filter (where c.cost_usd is null) as unpriced,
               sum(c.input_tokens) as input, sum(c.output_tokens) as output, sum(c.cached_tokens) as cached,
               sum(c.reasoning_tokens) as reasoning, coalesce(sum(c.cost_usd), 0)::float8 as cost_usd
        from unnest(p_workspace, p_call) as u(w, id)
        join llm_calls c on c.workspace_id = u.w and c.id = u.id
        left join runs r on r.workspace_id = c.workspace_id and r.id = c.run_id
        cross join (values ('hour'), ('day')) s(span)
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9
    ) b
    group by 1, 2, 3, 4, 5, 6, 7, 8 order by 1, 2, 3, 4, 5, 6, 7, 8
    on conflict (workspace_id, span, at, agent_id, version_id, node, provider, model) do update set
        calls = t.calls + excluded.calls, failed = t.failed + excluded.failed, unpriced = t.unpriced + excluded.unpriced,
        input_tokens = t.input_tokens + excluded.input_tokens, output_tokens = t.output_tokens + excluded.output_tokens,
        cached_tokens = t.cached_tokens + excluded.cached_tokens,
        reasoning_tokens = t.reasoning_tokens + excluded.reasoning_tokens, cost_usd = t.cost_usd + excluded.cost_usd,
        took = add_histograms(t.took, excluded.took);
$$;

-- At most 200 lines of a run, each of at most 4,000 characters. A run that has lines already is passed over.
create function note_lines(p_workspace uuid[], p_run uuid[]) returns void
language sql set search_path = public, pg_temp as $$
    insert into log_lines (workspace_id, id, at, run_id, agent_id, kind, path, message)
    select r.workspace_id, (substr(uuid7_at(l.at)::text, 1, 15) || substr(gen_random_uuid()::text, 16))::uuid, l.at, r.id,
           r.agent_id, l.kind, l.path, left(l.message, 4000)
    from unnest(p_workspace, p_run) as u(w, id)
    join runs r on r.workspace_id = u.w and r.id = u.id and r.finished_at is not null
    cross join lateral (
        select r.finished_at as at, 'run_failed' as kind, r.failure->>'path' as path, r.failure->>'message' as message
        where r.status = 'failed' and r.failure->>'message' <> ''
        union all
        (select s.at, case s.status when 'failed' then 'step_failed' else 'printed' end, s.path,
                case s.status when 'failed' then s.failure->>'message' else s.output->>'printed' end
         from steps s
         where s.workspace_id = r.workspace_id and s.run_id = r.id and s.attempt > 0 and s.source = 'taken'
           and (s.status = 'failed' and s.failure->>'message' <> ''
                or s.status = 'succeeded' and s.output::text like '{"result":%' and s.output->>'printed' <> '')
         order by s.seq desc limit 199)
    ) l
    where not exists (select from log_lines k where k.workspace_id = r.workspace_id and k.run_id = r.id);
$$;

-- Counts runs that have ended, at most p_limit; returns how many. One process at a time: the others have nothing to do.
create function count_ended_runs(p_limit integer) returns integer
language plpgsql security definer set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare
    workspaces uuid[];
    runs uuid[];
    calls_workspaces uuid[];
    calls uuid[];
begin
    if not pg_try_advisory_xact_lock(7010015) then
        return 0;
    end if;
    with taken as (
        delete from ended_runs e where e.ctid = any (array(select o.ctid from ended_runs o limit p_limit))
        returning e.workspace_id, e.run_id
    )
    select array_agg(t.workspace_id order by t.workspace_id, t.run_id), array_agg(t.run_id order by t.workspace_id, t.run_id)
    into workspaces, runs from taken t;
    if runs is null then
        return 0;
    end if;
    perform tally_runs(workspaces, runs), tally_steps(workspaces, runs), note_lines(workspaces, runs);
    select array_agg(c.workspace_id), array_agg(c.id) into calls_workspaces, calls
    from unnest(workspaces, runs) as u(w, id) join llm_calls c on c.workspace_id = u.w and c.run_id = u.id;
    if calls is not null then
        perform tally_calls(calls_workspaces, calls);
    end if;
    return cardinality(runs);
end $$;

create function tally_call() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform tally_calls(array[new.workspace_id], array[new.id]);
    return null;
end $$;
create trigger tally_call after insert on llm_calls
    for each row when (new.run_id is null) execute function tally_call();

-- Has the current workspace's runs counted again, as far back as none of them is gone; returns from when on.
create function recount_runs() returns timestamptz
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    mine uuid := current_workspace();
    since timestamptz;
    calls uuid[];
begin
    perform pg_advisory_xact_lock(7010015);
    select coalesce(date_trunc('day', greatest(w.runs_pruned_before, case when w.retention_days is not null then
                        now() - make_interval(days => greatest(400, w.retention_days)) end), 'UTC') + interval '1 day',
                    '-infinity')
    into since from workspaces w where w.id = mine;
    delete from run_tallies t where t.workspace_id = mine and t.at >= since;
    delete from step_tallies t where t.workspace_id = mine and t.at >= since;
    delete from call_tallies t where t.workspace_id = mine and t.at >= since;
    insert into ended_runs (workspace_id, run_id)
    select r.workspace_id, r.id from runs r where r.workspace_id = mine and r.finished_at >= since
    on conflict do nothing;
    select array_agg(c.id) into calls from llm_calls c where c.workspace_id = mine and c.run_id is null and c.at >= since;
    if calls is not null then
        perform tally_calls(array_fill(mine, array[cardinality(calls)]), calls);
    end if;
    return since;
end $$;

-- ── Searching lines ──────────────────────────────────────────────────────────────────────────────────────────────────
-- What lines of the current workspace are searched for; null: there is no word in the text.
create function words_of(p_text text) returns tsquery language sql stable as $$
    select words && quote_literal(current_workspace())::tsquery
    from websearch_to_tsquery('simple', p_text) as words where numnode(words) > 0
$$;

-- The current workspace's lines, the newest first. p_text: words, "phrases", or, -not; null: any line.
create function find_log_lines(
    p_text text, p_agents uuid[], p_kinds text[], p_run uuid, p_from uuid, p_before uuid, p_limit integer
) returns setof uuid
language plpgsql stable security definer set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
    wanted tsquery := words_of(p_text);
begin
    return query
    select l.id from log_lines l
    where l.workspace_id = current_workspace() and (p_text is null or l.words @@ wanted)
      and (p_agents is null or l.agent_id = any (p_agents)) and (p_kinds is null or l.kind = any (p_kinds))
      and (p_run is null or l.run_id = p_run) and (p_from is null or l.id >= p_from) and (p_before is null or l.id < p_before)
    order by l.id desc limit p_limit;
end $$;

-- The runs of the current workspace that have such a line.
create function runs_saying(p_text text) returns setof uuid
language plpgsql stable security definer set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
    wanted tsquery := words_of(p_text);
begin
    return query select distinct l.run_id from log_lines l where l.workspace_id = current_workspace() and l.words @@ wanted;
end $$;

-- ── Retention ────────────────────────────────────────────────────────────────────────────────────────────────────────
alter table workspaces add column runs_pruned_before timestamptz; -- what ended before this may be gone
create policy pruning on workspaces for update to {{dispatcher}} using (true) with check (true);
grant select (runs_pruned_before), update (runs_pruned_before) on workspaces to {{dispatcher}};

-- Deletes runs of a workspace that ended longer ago than it keeps them, oldest first, at most p_limit, with their steps and
-- blobs. A run that has not ended, still needs a person, or is not counted yet, stays. Returns how many went.
create or replace function prune_runs(p_workspace uuid, p_limit integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    bound timestamptz;
    gone uuid[];
begin
    select now() - make_interval(days => w.retention_days) into bound from workspaces w where w.id = p_workspace;
    if bound is null then
        return 0;
    end if;
    select array_agg(o.id) into gone from (
        select r.id from runs r
        where r.workspace_id = p_workspace and r.id < uuid7_at(bound) and r.finished_at < bound
          and r.status in ('succeeded', 'failed', 'cancelled') and (r.cause is null or r.resolved_at is not null)
          and not exists (select from queue q where q.workspace_id = r.workspace_id and q.run_id = r.id)
          and not exists (select from ended_runs e where e.workspace_id = r.workspace_id and e.run_id = r.id)
        order by r.id limit p_limit for update skip locked) o;
    if gone is null then
        return 0;
    end if;
    delete from steps s where s.workspace_id = p_workspace and s.run_id = any (gone);
    delete from blobs b where b.workspace_id = p_workspace and b.run_id = any (gone);
    delete from waits a where a.workspace_id = p_workspace and a.run_id = any (gone);
    delete from callbacks c where c.workspace_id = p_workspace and c.run_id = any (gone);
    delete from chat_turns t using runs r
    where r.workspace_id = p_workspace and r.id = any (gone)
      and t.workspace_id = p_workspace and t.agent_id = r.agent_id and t.run_id = r.id;
    delete from log_lines l where l.workspace_id = p_workspace and l.run_id = any (gone);
    update workspaces w set runs_pruned_before = greatest(w.runs_pruned_before, bound) where w.id = p_workspace;
    delete from runs r where r.workspace_id = p_workspace and r.id = any (gone);
    return cardinality(gone);
end $$;

-- ── Rights ───────────────────────────────────────────────────────────────────────────────────────────────────────────
do $$
declare
    signature regprocedure;
    guarded text;
begin
    foreach guarded in array array['ended_runs', 'run_tallies', 'step_tallies', 'call_tallies', 'log_lines'] loop
        execute format('create policy dispatch on %I to {{dispatcher}} using (true) with check (true)', guarded);
        execute format('grant select, insert, update, delete on %I to {{dispatcher}}', guarded);
    end loop;
    execute 'grant create on schema public to {{dispatcher}}';
    for signature in
        select oid::regprocedure from pg_proc where pronamespace = 'public'::regnamespace and proname in
        ('note_ended_runs', 'note_undelivered_run', 'tally_call', 'tally_runs', 'tally_steps', 'tally_calls', 'note_lines',
         'count_ended_runs', 'recount_runs', 'find_log_lines', 'runs_saying')
    loop
        execute format('revoke execute on function %s from public', signature);
        execute format('alter function %s owner to {{dispatcher}}', signature);
    end loop;
    execute 'revoke create on schema public from {{dispatcher}}';
end $$;
grant execute on function count_ended_runs, recount_runs, find_log_lines, runs_saying to {{app}};
grant execute on function bucket_of, add_histograms, words_of to {{dispatcher}};
grant select on run_tallies, step_tallies, call_tallies, log_lines to {{app}};

-- What has ended until now is counted first.
select set_config('plainwork.upkeep', 'on', true);
insert into ended_runs (workspace_id, run_id) select r.workspace_id, r.id from runs r where r.finished_at is not null;
select set_config('plainwork.upkeep', '', true);
