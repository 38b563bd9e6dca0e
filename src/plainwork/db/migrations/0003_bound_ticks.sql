-- The functions that cross workspaces check more of what they are given.
--
-- fire_ticks: a tick fires only for a schedule that there is in its workspace, and starts that schedule's agent and
-- version, whatever else the caller names. make_partitions: no month further away than ten years, no more than sixty.

create or replace function fire_ticks(
    p_workspace uuid[], p_schedule uuid[], p_due timestamptz[], p_run uuid[], p_agent uuid[], p_version uuid[],
    p_trigger json[], p_inputs json[], p_failure json[], p_deadline_s float8[]
) returns uuid[]
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    made bigint[]; -- positions: a run's id alone would let one good tick vouch for another
begin
    with bound as (
        select u.*
        from unnest(p_workspace, p_schedule, p_due, p_run, p_agent, p_version) with ordinality
             as u(w, schedule, due, run, agent, version, i)
        join schedules s on s.workspace_id = u.w and s.id = u.schedule and s.agent_id = u.agent and s.version_id = u.version
    ), fresh as (
        insert into schedule_ticks (workspace_id, schedule_id, due_at, run_id)
        select b.w, b.schedule, b.due, b.run from bound b
        on conflict do nothing returning workspace_id, schedule_id, due_at, run_id
    )
    select array_agg(b.i) into made from bound b
    join fresh f on f.workspace_id = b.w and f.schedule_id = b.schedule and f.due_at = b.due and f.run_id = b.run;
    insert into runs (workspace_id, id, agent_id, version_id, status, cause, trigger, inputs, vars, failure, finished_at,
                      deadline_at)
    select u.w, u.id, u.agent, u.version, case when u.failure is null then 'queued' else 'failed' end,
           case when u.failure is not null then 'undeliverable' end, u.trigger, coalesce(u.inputs, '{}'),
           (select coalesce(json_object_agg(v.name, v.value), '{}') from workspace_variables v where v.workspace_id = u.w),
           u.failure, case when u.failure is not null then now() end, now() + make_interval(secs => u.deadline_s)
    from unnest(p_workspace, p_run, p_agent, p_version, p_trigger, p_inputs, p_failure, p_deadline_s) with ordinality
         as u(w, id, agent, version, trigger, inputs, failure, deadline_s, i)
    where u.i = any (made);
    insert into queue (workspace_id, run_id, deadline_at)
    select u.w, u.id, now() + make_interval(secs => u.deadline_s)
    from unnest(p_workspace, p_run, p_failure, p_deadline_s) with ordinality as u(w, id, failure, deadline_s, i)
    where u.i = any (made) and u.failure is null;
    return coalesce((select array_agg(p_run[i]) from unnest(made) as u(i)), '{}');
end $$;

create or replace function make_partitions(p_from timestamptz, p_months integer) returns integer
language plpgsql security definer set search_path = public, pg_temp set client_min_messages = warning as $$
declare
    made integer := 0;
    month timestamptz;
    parent text;
    part text;
begin
    if p_months > 60 or p_from not between now() - interval '10 years' and now() + interval '10 years' then
        raise exception 'partitions are made for the years around now, at most 60 months at a time'
            using errcode = 'invalid_parameter_value';
    end if;
    perform pg_advisory_xact_lock(7010010);
    for i in 0 .. p_months - 1 loop
        month := date_trunc('month', p_from at time zone 'UTC') at time zone 'UTC' + make_interval(months => i);
        foreach parent in array array['runs', 'steps'] loop
            part := format('%s_%s', parent, to_char(month at time zone 'UTC', 'YYYY_MM'));
            continue when to_regclass(part) is not null;
            execute format('create table %I partition of %I for values from (%L) to (%L)', part, parent,
                           uuid7_at(month), uuid7_at(month + interval '1 month'));
            call guard_table(part::regclass);
            made := made + 1;
        end loop;
    end loop;
    return made;
end $$;
