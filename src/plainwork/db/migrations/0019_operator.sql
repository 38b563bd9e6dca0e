-- What the operator of the installation is told: how much stands where, and nothing of whom.
create function operator_figures() returns table (name text, value float8)
language sql stable security definer set search_path = public, pg_temp as $$
    with standing as (
        select count(*) filter (where q.due_at <= now()) as due, count(*) filter (where q.due_at > now() and q.worker is not null) as leased,
               count(*) filter (where q.due_at > now() and q.worker is null) as waiting,
               coalesce(extract(epoch from now() - min(q.due_at) filter (where q.due_at <= now())), 0) as lag_s
        from queue q
    )
    select 'due_runs', s.due from standing s
    union all select 'leased_runs', s.leased from standing s
    union all select 'waiting_runs', s.waiting from standing s
    union all select 'queue_lag_seconds', s.lag_s from standing s
    union all select 'uncounted_runs', count(*) from (select from ended_runs limit 100000) e
    union all select 'workers', count(*) from workers
    union all select 'open_alarms', count(*) from alarms a where a.cleared_at is null
    union all select 'schedule_lag_seconds', coalesce(max(extract(epoch from now() - c.fires_at)), 0) from schedules c
                     where c.fires_at <= now() and c.paused_at is null and c.held_at is null
$$;
revoke execute on function operator_figures from public;
grant execute on function operator_figures to {{app}};
grant create on schema public to {{dispatcher}};
alter function operator_figures owner to {{dispatcher}};
revoke create on schema public from {{dispatcher}};
