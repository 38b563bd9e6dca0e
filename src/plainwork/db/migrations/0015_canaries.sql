-- Canaries: a share of an agent's new runs is taken by a candidate version, until it has proven itself or has not.

-- live_version_id: what the candidate is measured against; a canary counts only while that is live. deadline_s: how long a run of
-- the candidate may take. At most one of an agent's canaries is under way. outcome: promoted (the candidate went live), stopped
-- (by hand, or because another version went live), rolled_back (the candidate failed too often).
create table canaries (
    workspace_id    uuid not null,
    id              uuid not null,
    agent_id        uuid not null,
    version_id      uuid not null,
    live_version_id uuid not null,
    share           smallint not null check (share between 1 and 50),
    least_runs      integer not null check (least_runs > 0),
    margin          float8 not null check (margin between 0 and 1),
    deadline_s      float8,
    actor_kind      text not null check (actor_kind in ('user', 'api_key', 'system')),
    actor_id        text not null,
    started_at      timestamptz not null default now(),
    ended_at        timestamptz,
    outcome         text check (outcome in ('promoted', 'stopped', 'rolled_back')),
    reason          text not null default '',
    primary key (workspace_id, id),
    foreign key (workspace_id, agent_id) references agents (workspace_id, id),
    foreign key (workspace_id, agent_id, version_id) references agent_versions (workspace_id, agent_id, id),
    foreign key (workspace_id, agent_id, live_version_id) references agent_versions (workspace_id, agent_id, id),
    check ((ended_at is null) = (outcome is null))
);
create unique index canaries_under_way on canaries (workspace_id, agent_id) where ended_at is null;
create index canaries_of_agent on canaries (workspace_id, agent_id, id);
call guard_tenant_table('canaries');
create policy dispatch on canaries for select to {{dispatcher}} using (true);
grant select, insert, update on canaries to {{app}};
grant select on canaries to {{dispatcher}};

alter table runs add column canary boolean not null default false; -- its version was a candidate when it started

-- The one place that chooses: the canary that a new run of an agent's live version falls to, if any. The same word (a run's key,
-- else its id) always falls the same way.
create function canary_for(p_workspace uuid, p_agent uuid, p_version uuid, p_word text) returns setof canaries
language sql stable as $$
    select c.* from canaries c
    where c.workspace_id = p_workspace and c.agent_id = p_agent and c.ended_at is null and c.live_version_id = p_version
      and abs(hashtextextended(p_word, hashtextextended(c.id::text, 0)) % 100) < c.share
$$;

-- How the runs of a canary's time have ended that were started anew: those of the candidate, and those of the live version.
-- Of the last p_most runs of the agent.
create function canary_tally(p_canary canaries, p_most integer)
returns table (ended integer, failed integer, live_ended integer, live_failed integer)
language sql stable as $$
    select count(*) filter (where r.canary)::integer, count(*) filter (where r.canary and r.status = 'failed')::integer,
           count(*) filter (where not r.canary)::integer, count(*) filter (where not r.canary and r.status = 'failed')::integer
    from (select s.canary, s.status, s.version_id, s.origin_run_id from runs s
          where s.workspace_id = (p_canary).workspace_id and s.agent_id = (p_canary).agent_id
            and s.id >= uuid7_at((p_canary).started_at)
            and s.id < uuid7_at(coalesce((p_canary).ended_at, now() + interval '1 hour'))
          order by s.id desc limit p_most) r
    where r.status in ('succeeded', 'failed') and r.origin_run_id is null
      and r.version_id = case when r.canary then (p_canary).version_id else (p_canary).live_version_id end
$$;

create function end_canary() returns trigger language plpgsql as $$
begin
    update canaries c set ended_at = now(), outcome = 'stopped', reason = 'Another version went live, or none.'
    where c.workspace_id = new.workspace_id and c.agent_id = new.id and c.ended_at is null
      and c.live_version_id is distinct from new.live_version_id;
    return null;
end $$;
create trigger end_canary after update of live_version_id on agents
    for each row when (old.live_version_id is distinct from new.live_version_id) execute function end_canary();

-- The canaries under way whose candidate has ended at least as many runs as it takes to judge it, with their tallies.
create function canaries_to_judge(p_most integer)
returns table (workspace_id uuid, agent_id uuid, share smallint, least_runs integer, margin float8, ended integer, failed integer,
               live_ended integer, live_failed integer)
language sql stable security definer set search_path = public, pg_temp as $$
    select c.workspace_id, c.agent_id, c.share, c.least_runs, c.margin, t.ended, t.failed, t.live_ended, t.live_failed
    from canaries c cross join lateral canary_tally(c, p_most) t
    where c.ended_at is null and t.ended >= c.least_runs
$$;

-- As before; of the runs that start, some fall to a canary (version_id: which version a run is of).
drop function start_delivered(
    uuid[], uuid[], uuid[], text[], uuid[], text[], text[], bytea[], bytea[], float8[], integer, float8);
create function start_delivered(
    p_workspace uuid[], p_agent uuid[], p_version uuid[], p_trigger_id text[], p_run uuid[], p_key text[], p_seal text[],
    p_trigger bytea[], p_inputs bytea[], p_deadline_s float8[], p_worker integer, p_lease_s float8
) returns table (
    outcome text, run_id uuid, version_id uuid, is_leased boolean, vars json, deadline_at timestamptz, at timestamptz
)
language plpgsql security definer set search_path = public, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
#variable_conflict use_column
declare
    outcomes text[] := array_fill('gone'::text, array[cardinality(p_run)]);
    runs_of uuid[] := p_run;
    versions uuid[] := p_version;
    deadlines float8[] := p_deadline_s;
    place integer;
    known uuid;
    candidate uuid;
    most_s float8;
begin
    for place in
        select u.i from unnest(p_workspace, p_agent, p_version, p_trigger_id) with ordinality as u(w, a, v, t, i)
        join triggers t on t.workspace_id = u.w and t.agent_id = u.a and t.trigger_id = u.t
        where t.version_id = u.v and t.is_on and t.paused_at is null
    loop
        outcomes[place] := 'started';
    end loop;

    if array_length(array_remove(p_seal, null), 1) > 0 then
        insert into run_keys (workspace_id, agent_id, key, run_id)
        select u.w, u.a, u.seal, u.run from unnest(p_workspace, p_agent, p_seal, p_run, outcomes) as u(w, a, seal, run, o)
        where u.seal is not null and u.o = 'started' order by u.w, u.a, u.seal on conflict do nothing;
        for place in
            select u.i from unnest(p_workspace, p_agent, p_seal, p_run, outcomes) with ordinality as u(w, a, seal, run, o, i)
            join run_keys k on k.workspace_id = u.w and k.agent_id = u.a and k.key = u.seal
            where u.o = 'started' and k.run_id <> u.run
        loop
            outcomes[place] := 'replayed';
        end loop;
    end if;

    if array_length(array_remove(p_key, null), 1) > 0 then
        insert into run_keys (workspace_id, agent_id, key, run_id)
        select u.w, u.a, u.key, u.run from unnest(p_workspace, p_agent, p_key, p_run, outcomes) as u(w, a, key, run, o)
        where u.key is not null and u.o = 'started' order by u.w, u.a, u.key on conflict do nothing;
        for place, known in
            select u.i, k.run_id
            from unnest(p_workspace, p_agent, p_key, p_run, outcomes) with ordinality as u(w, a, key, run, o, i)
            join run_keys k on k.workspace_id = u.w and k.agent_id = u.a and k.key = u.key
            where u.o <> 'gone' and k.run_id <> u.run
        loop
            outcomes[place] := 'repeated';
            runs_of[place] := known;
        end loop;
    end if;

    for place, candidate, most_s in
        select u.i, c.version_id, c.deadline_s
        from unnest(p_workspace, p_agent, p_version, p_run, p_key, outcomes) with ordinality as u(w, a, v, run, key, o, i)
        cross join lateral canary_for(u.w, u.a, u.v, coalesce(u.key, u.run::text)) c
        where u.o = 'started'
    loop
        versions[place] := candidate;
        deadlines[place] := most_s;
    end loop;

    return query
    with fresh as materialized (
        select u.*, now() + make_interval(secs => u.deadline_s) as until
        from unnest(p_workspace, p_agent, versions, p_version, p_run, p_trigger, p_inputs, deadlines, outcomes)
             as u(w, a, v, live, run, trigger, inputs, deadline_s, o)
        where u.o = 'started'
    ), free as materialized (
        select f.w, f.a, p_lease_s is not null and free_slots(f.w, f.a, false) is null as is_leased
        from (select distinct w, a from fresh) f
    ), variables as materialized (
        select f.w, (select coalesce(json_object_agg(v.name, v.value), '{}') from workspace_variables v
                     where v.workspace_id = f.w) as vars
        from (select distinct w from fresh) f
    ), made as (
        insert into runs (workspace_id, id, agent_id, version_id, canary, inputs, trigger, deadline_at, vars)
        select f.w, f.run, f.a, f.v, f.v <> f.live, convert_from(f.inputs, 'UTF8')::json,
               convert_from(f.trigger, 'UTF8')::json, f.until, v.vars
        from fresh f join variables v on v.w = f.w
    ), queued as (
        insert into queue (workspace_id, run_id, agent_id, deadline_at, due_at, epoch, claims, worker, priority, lane,
                           rank_at)
        select f.w, f.run, f.a, f.until, now() + make_interval(secs => case when l.is_leased then p_lease_s else 0 end),
               l.is_leased::integer, l.is_leased::integer, case when l.is_leased then coalesce(p_worker, 0) end,
               p.priority, case when not l.is_leased then p.lane end, case when not l.is_leased then p.rank_at end
        from fresh f join free l on l.w = f.w and l.a = f.a cross join lateral place_of(f.w, f.a, null) p
    )
    select u.o, u.run, u.v, u.o = 'started' and l.is_leased, case when v.vars::text <> '{}' then v.vars end,
           now() + make_interval(secs => u.deadline_s), now()
    from unnest(outcomes, runs_of, versions, p_workspace, p_agent, deadlines) with ordinality
         as u(o, run, v, w, a, deadline_s, i)
    left join variables v on v.w = u.w left join free l on l.w = u.w and l.a = u.a order by u.i;
end $$;

-- As before, with canaries.
create or replace function fire_ticks(
    p_workspace uuid[], p_schedule uuid[], p_due timestamptz[], p_planned timestamptz[], p_state text[], p_reason text[],
    p_run uuid[], p_agent uuid[], p_version uuid[], p_trigger json[], p_inputs json[], p_failure json[], p_deadline_s float8[]
) returns uuid[]
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    made bigint[]; -- positions: a run's id alone would let one good tick vouch for another
begin
    with bound as (
        select u.*
        from unnest(p_workspace, p_schedule, p_due, p_planned, p_state, p_reason, p_run, p_agent, p_version) with ordinality
             as u(w, schedule, due, planned, state, reason, run, agent, version, i)
        join schedules s on s.workspace_id = u.w and s.id = u.schedule and s.agent_id = u.agent and s.version_id = u.version
    ), fresh as (
        insert into schedule_ticks as t (workspace_id, schedule_id, due_at, planned_at, state, reason, run_id, fired_at)
        select b.w, b.schedule, b.due, b.planned, b.state, b.reason, case b.state when 'fired' then b.run end,
               case b.state when 'fired' then clock_timestamp() end
        from bound b
        on conflict (workspace_id, schedule_id, due_at) do update
            set state = 'fired', reason = null, run_id = excluded.run_id, fired_at = excluded.fired_at
            where t.state = 'waiting' and excluded.state = 'fired'
        returning t.workspace_id, t.schedule_id, t.due_at, t.run_id
    )
    select array_agg(b.i) into made from bound b
    join fresh f on f.workspace_id = b.w and f.schedule_id = b.schedule and f.due_at = b.due and f.run_id = b.run;
    if made is null then
        return '{}';
    end if;
    insert into runs (workspace_id, id, agent_id, version_id, canary, status, cause, trigger, inputs, vars, failure,
                      finished_at, deadline_at)
    select u.w, u.id, u.agent, coalesce(c.version_id, u.version), c.id is not null,
           case when u.failure is null then 'queued' else 'failed' end, case when u.failure is not null then 'undeliverable' end, u.trigger, coalesce(u.inputs, '{}'),
           (select coalesce(json_object_agg(v.name, v.value), '{}') from workspace_variables v where v.workspace_id = u.w),
           u.failure, case when u.failure is not null then now() end,
           now() + make_interval(secs => case when c.id is null then u.deadline_s else c.deadline_s end)
    from unnest(p_workspace, p_run, p_agent, p_version, p_trigger, p_inputs, p_failure, p_deadline_s) with ordinality
         as u(w, id, agent, version, trigger, inputs, failure, deadline_s, i)
    left join lateral canary_for(u.w, u.agent, u.version, u.id::text) c on u.failure is null
    where u.i = any (made);
    insert into queue (workspace_id, run_id, deadline_at, agent_id, priority, lane, rank_at)
    select u.w, u.id, now() + make_interval(secs => case when c.id is null then u.deadline_s else c.deadline_s end), u.agent,
           p.priority, p.lane, p.rank_at
    from unnest(p_workspace, p_run, p_agent, p_version, p_failure, p_deadline_s) with ordinality
         as u(w, id, agent, version, failure, deadline_s, i)
    left join lateral canary_for(u.w, u.agent, u.version, u.id::text) c on true
    cross join lateral place_of(u.w, u.agent, null) p
    where u.i = any (made) and u.failure is null;
    return (select array_agg(p_run[i]) from unnest(made) as u(i));
end $$;

do $$
declare signature regprocedure;
begin
    execute 'grant create on schema public to {{dispatcher}}';
    for signature in
        select oid::regprocedure from pg_proc
        where pronamespace = 'public'::regnamespace and proname in ('start_delivered', 'canaries_to_judge')
    loop
        execute format('revoke execute on function %s from public', signature);
        execute format('grant execute on function %s to {{app}}', signature);
        execute format('alter function %s owner to {{dispatcher}}', signature);
    end loop;
    execute 'revoke create on schema public from {{dispatcher}}';
end $$;
grant execute on function canary_for, canary_tally to {{app}}, {{dispatcher}};
