-- How full the buckets are from which all processes of the API let requests through, by a hash of who asks and what for: no
-- tenant's data and nothing readable in it. After a crash of the server they are all full, which is what unlogged means.
create unlogged table rates (
    key_hash bytea primary key,
    most     float8 not null, -- a minute, and all at once
    level    float8 not null, -- below 0: more was let through than there was
    at       timestamptz not null
);
create index rates_old on rates (at);
grant select, insert, update, delete on rates to {{app}};
