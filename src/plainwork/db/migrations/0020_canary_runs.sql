-- What a canary is measured by, in one place: which runs count, and what they came to.

-- The runs of a canary's time that were started anew and have ended by themselves: those of the candidate (is_candidate), and
-- those of the live version. Of the last p_most runs of the agent.
create function canary_runs(p_canary canaries, p_most integer)
returns table (is_candidate boolean, has_failed boolean, took_s float8, cost_usd float8)
language sql stable as $$
    select r.canary, r.status = 'failed', r.took_s, r.cost_usd
    from (select s.canary, s.status, s.version_id, s.origin_run_id, s.took_s, s.cost_usd from runs s
          where s.workspace_id = (p_canary).workspace_id and s.agent_id = (p_canary).agent_id
            and s.id >= uuid7_at((p_canary).started_at)
            and s.id < uuid7_at(coalesce((p_canary).ended_at, now() + interval '1 hour'))
          order by s.id desc limit p_most) r
    where r.status in ('succeeded', 'failed') and r.origin_run_id is null
      and r.version_id = case when r.canary then (p_canary).version_id else (p_canary).live_version_id end
$$;

create or replace function canary_tally(p_canary canaries, p_most integer)
returns table (ended integer, failed integer, live_ended integer, live_failed integer)
language sql stable as $$
    select count(*) filter (where is_candidate)::integer, count(*) filter (where is_candidate and has_failed)::integer,
           count(*) filter (where not is_candidate)::integer, count(*) filter (where not is_candidate and has_failed)::integer
    from canary_runs(p_canary, p_most)
$$;

grant execute on function canary_runs to {{app}}, {{dispatcher}};
