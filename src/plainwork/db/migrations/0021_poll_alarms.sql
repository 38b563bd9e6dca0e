-- Alarms for polls and mailboxes that keep failing, or that nobody asks.

alter table alarms alter column schedule_id drop not null;
alter table alarms add column poll_id uuid; -- what it is about, where that is no schedule
alter table alarms drop constraint alarms_kind_check;
alter table alarms add check (kind in ('did_not_fire', 'cannot_be_planned', 'cannot_start', 'keeps_failing'));
alter table alarms add check (num_nonnulls(schedule_id, poll_id) <= 1);
create unique index alarms_of_polls on alarms (workspace_id, poll_id, due_at, kind) where poll_id is not null;

-- As before (0010), and of polls: one that is late by p_late_s, and one that has failed p_failures times in a row.
drop function raise_alarms(timestamptz, float8);
create function raise_alarms(p_now timestamptz, p_late_s float8, p_failures integer) returns setof alarms
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if not pg_try_advisory_xact_lock(7010012) then
        return;
    end if;
    update alarms a set cleared_at = p_now
    where a.cleared_at is null and not exists (
        select from schedules s where s.workspace_id = a.workspace_id and s.id = a.schedule_id
        and s.paused_at is null and s.held_at is null
        and (a.kind <> 'did_not_fire' or coalesce(s.next_at, s.changed_at) = a.due_at))
    and not exists (
        select from polls p where p.workspace_id = a.workspace_id and p.id = a.poll_id and p.is_on
        and case a.kind when 'did_not_fire' then p.due_at = a.due_at else p.failures > 0 end);
    return query
    insert into alarms (workspace_id, id, schedule_id, agent_id, trigger_id, kind, due_at, message, raised_at)
    select s.workspace_id, gen_random_uuid(), s.id, s.agent_id, s.trigger_id, 'did_not_fire', coalesce(s.next_at, s.changed_at),
           case when s.fires_at is null then 'No scheduler has worked out when it is due.'
                else 'It was due and no scheduler has fired it.' end, p_now
    from schedules s
    where s.paused_at is null and s.held_at is null
      and coalesce(s.fires_at, s.changed_at) < p_now - make_interval(secs => p_late_s)
      and not exists (select from alarms a where a.workspace_id = s.workspace_id and a.schedule_id = s.id
                      and a.due_at = coalesce(s.next_at, s.changed_at) and a.kind in ('did_not_fire', 'cannot_be_planned'))
    order by coalesce(s.fires_at, s.changed_at) limit 1000
    on conflict do nothing returning *;
    return query
    insert into alarms (workspace_id, id, poll_id, agent_id, trigger_id, kind, due_at, message, raised_at)
    select p.workspace_id, gen_random_uuid(), p.id, p.agent_id, p.trigger_id, f.kind, f.due_at, f.message, p_now
    from polls p cross join lateral (
        select 'did_not_fire' as kind, p.due_at, 'It was due and no scheduler has asked what is new.' as message
        where p.due_at < p_now - make_interval(secs => p_late_s)
        union all
        select 'keeps_failing', p.last_at,
               left('It has failed ' || p.failures || ' times in a row: ' || coalesce(p.failure->>'message', 'nobody knows why.')
                    || coalesce(' ' || (p.failure->>'next_step'), ''), 2000)
        where p.failures >= p_failures and p.last_at is not null
    ) f
    where p.is_on and (p.due_at < p_now - make_interval(secs => p_late_s) or p.failures >= p_failures)
      and not exists (select from alarms a where a.workspace_id = p.workspace_id and a.poll_id = p.id and a.kind = f.kind
                      and a.cleared_at is null)
    order by f.due_at limit 1000
    on conflict do nothing returning *;
end $$;

create index polls_failing on polls (failures) where is_on and failures > 0;
do $$
begin
    execute 'grant create on schema public to {{dispatcher}}';
    execute 'revoke execute on function raise_alarms from public';
    execute 'grant execute on function raise_alarms to {{app}}';
    execute 'alter function raise_alarms owner to {{dispatcher}}';
    execute 'revoke create on schema public from {{dispatcher}}';
end $$;
