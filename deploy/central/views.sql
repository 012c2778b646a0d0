-- What an operator and an auditor ask of the central database, over the tables of schema.sql. Applied after it, by the
-- same owner, again at every update:
--   psql -v ON_ERROR_STOP=1 -f deploy/central/schema.sql -f deploy/central/views.sql DATABASE
-- The comment on each view says what it answers: \dv+ congto.*
-- reading, latest, gaps and the like look at everything. completeness, counters_hourly and doubles must count every
-- sample: the views show the last days, the function beside each (NAME_of) any others. These functions run without JIT,
-- which takes longer to compile them than they take.
-- `create or replace` keeps what others granted or built on a view; where its columns change, drop it first, here.
\set ON_ERROR_STOP on
begin;
select pg_advisory_xact_lock(7263001);  -- the lock of schema.sql
set local search_path = congto;
set local check_function_bodies = on;

-- Small helpers. They are `sql` without `set`, so that the planner puts them in place of the call; not where an argument is
-- a subquery.

create or replace function has_values("values" numeric[]) returns boolean language sql immutable parallel safe
return num_nonnulls(variadic "values") > 0;

-- A count out of a status; null where there is none or something else stands in its place.
create or replace function count_of(told jsonb) returns bigint language sql immutable parallel safe
return case jsonb_typeof(told) when 'number' then trunc((told #>> '{}')::numeric)::bigint end;

create or replace function time_of(ms bigint) returns timestamptz language sql immutable parallel safe
return to_timestamp(ms / 1000.0);

create or replace function hex_of(epoch uuid) returns text language sql immutable parallel safe
return replace(epoch::text, '-', '');

-- The smallest k with k * every >= ms.
create or replace function slot_from(ms bigint, every bigint) returns bigint language sql immutable parallel safe
return (ms + every - 1) / every;

create or replace function slots_in(slots int8multirange) returns bigint language sql immutable parallel safe
return (select coalesce(sum(upper(piece) - lower(piece)), 0)::bigint from unnest(slots) piece);

-- Samples.

-- The seqs of an epoch cut into ranges in which the same shifts apply, and their sum; with the stored ts of the first and
-- the last sample.
create or replace view shifted_seqs as
select e.agent_id, e.epoch_id, e.epoch, int8range(p.first, p.next) as seqs, p.shift_ms::bigint as shift_ms,
  p.shift_ms * interval '1 ms' as shift,
  (select s.ts from sample s where s.agent_id = e.agent_id and s.epoch_id = e.epoch_id and s.seq >= p.first and s.seq < p.next
   order by s.seq limit 1) as first_ts,
  (select s.ts from sample s where s.agent_id = e.agent_id and s.epoch_id = e.epoch_id and s.seq >= p.first and s.seq < p.next
   order by s.seq desc limit 1) as last_ts
from (select distinct agent_id, of_epoch from clock_shift) k  -- none, mostly: then nothing of the rest is done
join epoch e on e.agent_id = k.agent_id and e.epoch = k.of_epoch
cross join lateral (
  select d.seq as first, lead(d.seq) over past as next, sum(sum(d.shift)) over past as shift_ms,
    sum(sum(d.covers)) over past as covers
  from (select lower(c.seqs) as seq, c.shift, 1 as covers from clock_shift c
        where c.agent_id = k.agent_id and c.of_epoch = k.of_epoch
        union all
        select upper(c.seqs), -c.shift, -1 from clock_shift c
        where c.agent_id = k.agent_id and c.of_epoch = k.of_epoch) d
  group by d.seq
  window past as (order by d.seq)
) p
where p.covers > 0;
comment on view shifted_seqs is 'By how much time the clock records that were told later shift which records.';

-- Both halves name agent, meter and ts as they are in the tables, so that a condition on them reaches the index; the
-- second, of the samples whose time was shifted later, is empty on most sites.
create or replace view dated_sample as
select a.name as agent, a.site, m.name as meter, m.points,
  (select e.epoch from epoch e where e.agent_id = s.agent_id and e.epoch_id = s.epoch_id) as epoch,
  s.agent_id, s.epoch_id, s.seq, s.ts, s.slot, s.meter_id, s.layout_id, s.took, s.clock_error, s.q, s.values
from sample s
join agent a on a.agent_id = s.agent_id
join meter m on m.agent_id = s.agent_id and m.meter_id = s.meter_id
where not exists (select from clock_shift c join epoch e on e.agent_id = c.agent_id and e.epoch = c.of_epoch
                  where e.agent_id = s.agent_id and e.epoch_id = s.epoch_id and c.seqs @> s.seq)
union all
select a.name, a.site, m.name, m.points, h.epoch,
  s.agent_id, s.epoch_id, s.seq, s.ts + h.shift, s.slot + h.shift_ms,
  s.meter_id, s.layout_id, s.took, s.clock_error, s.q, s.values
from shifted_seqs h
join sample s on s.agent_id = h.agent_id and s.epoch_id = h.epoch_id and s.seq >= lower(h.seqs) and s.seq < upper(h.seqs)
join agent a on a.agent_id = s.agent_id
join meter m on m.agent_id = s.agent_id and m.meter_id = s.meter_id;
comment on view dated_sample is 'Samples with the clock shifts that were told later added to ts and slot.';

-- dated_sample of one meter, where the names are not needed.
create or replace function samples_of(agent_id integer, meter_id integer, ts_from timestamptz, ts_to timestamptz)
returns table (epoch_id integer, seq bigint, ts timestamptz, slot bigint, layout_id integer, clock_error bigint, q jsonb,
               "values" numeric[], read boolean) language sql stable parallel safe
begin atomic
  select s.epoch_id, s.seq, s.ts, s.slot, s.layout_id, s.clock_error, s.q, s.values, s.read
  from congto.sample s
  where s.agent_id = samples_of.agent_id and s.meter_id = samples_of.meter_id and s.ts >= ts_from and s.ts < ts_to
    and not exists (select from congto.clock_shift c join congto.epoch e on e.agent_id = c.agent_id and e.epoch = c.of_epoch
                    where e.agent_id = s.agent_id and e.epoch_id = s.epoch_id and c.seqs @> s.seq)
  union all
  select s.epoch_id, s.seq, s.ts + h.shift, s.slot + h.shift_ms, s.layout_id, s.clock_error, s.q, s.values,
    s.read
  from congto.shifted_seqs h
  join congto.sample s on s.agent_id = h.agent_id and s.epoch_id = h.epoch_id and h.seqs @> s.seq
  where h.agent_id = samples_of.agent_id and s.agent_id = samples_of.agent_id and s.meter_id = samples_of.meter_id
    and s.ts >= ts_from - h.shift and s.ts < ts_to - h.shift;
end;

-- The correction of a record that counts: the one that was told last.
create or replace function newest_correction(agent_id integer, epoch_id integer, seq bigint)
returns table (body jsonb) language sql stable parallel safe
begin atomic
  select c.body
  from congto.correction c
  where c.agent_id = newest_correction.agent_id and c.corrects_seq = newest_correction.seq
    and c.corrects_epoch = (select e.epoch from congto.epoch e
                            where e.agent_id = newest_correction.agent_id and e.epoch_id = newest_correction.epoch_id)
  order by (select e.first_heard from congto.epoch e where e.agent_id = c.agent_id and e.epoch_id = c.epoch_id) desc,
    c.epoch_id desc, c.seq desc
  limit 1;
end;

create or replace function good_value(correction jsonb, "values" numeric[], q jsonb, point text, "position" bigint)
returns numeric language sql immutable parallel safe
return case when correction is null then case when q ->> point is null then "values"["position"] end
            when correction -> 'q' ->> point is null then (correction -> 'values' ->> point)::numeric end;

-- The newest sample of a meter; on wish one with values, with a good value of a point, of a time. Samples whose time was
-- shifted are looked for by the meter's index around their stored times, which the ends of their range tell to a day.
create or replace function newest_sample(agent_id integer, meter_id integer, with_values boolean, point text default null,
                                         "position" bigint default null, not_before timestamptz default '-infinity',
                                         before timestamptz default 'infinity')
returns table (epoch_id integer, seq bigint, ts timestamptz, slot bigint, layout_id integer, clock_error bigint, q jsonb,
               "values" numeric[]) language sql stable parallel safe
begin atomic
  select n.epoch_id, n.seq, n.ts, n.slot, n.layout_id, n.clock_error, n.q, n."values"
  from (
    (select s.epoch_id, s.seq, s.ts, s.slot, s.layout_id, s.clock_error, s.q, s.values
     from congto.sample s
     left join lateral congto.newest_correction(s.agent_id, s.epoch_id, s.seq) c on true
     where s.agent_id = newest_sample.agent_id and s.meter_id = newest_sample.meter_id and s.ts >= not_before and s.ts < before
       and (not with_values or s.read)
       and (point is null or congto.good_value(c.body, s.values, s.q, point, "position") is not null)
       and not exists (select from congto.clock_shift c join congto.epoch e on e.agent_id = c.agent_id and e.epoch = c.of_epoch
                       where e.agent_id = s.agent_id and e.epoch_id = s.epoch_id and c.seqs @> s.seq)
     order by s.ts desc limit 1)
    union all
    select s.epoch_id, s.seq, s.ts + h.shift, s.slot + h.shift_ms, s.layout_id, s.clock_error, s.q, s.values
    from congto.shifted_seqs h
    cross join lateral (
      select t.*
      from congto.sample t
      left join lateral congto.newest_correction(t.agent_id, t.epoch_id, t.seq) c on true
      where t.agent_id = newest_sample.agent_id and t.meter_id = newest_sample.meter_id
        and t.ts >= greatest(not_before - h.shift, h.first_ts - interval '1 day')
        and t.ts < least(before - h.shift, h.last_ts + interval '1 day')
        and t.epoch_id = h.epoch_id and h.seqs @> t.seq
        and (not with_values or t.read)
        and (point is null or congto.good_value(c.body, t.values, t.q, point, "position") is not null)
      order by t.ts desc limit 1) s
    where h.agent_id = newest_sample.agent_id
  ) n
  order by n.ts desc
  limit 1;
end;

-- Which sample stands for a place and slot that several tell: one with values before one without, then the one whose
-- epoch was heard first, then the lower seq. A poll that ended more than three intervals late is not looked for.
create or replace function first_told(site text, meter text, slot bigint, every bigint)
returns table (agent_id integer, epoch_id integer, seq bigint) language sql stable parallel safe
begin atomic
  select a.agent_id, s.epoch_id, s.seq
  from congto.agent a
  join congto.meter m on m.agent_id = a.agent_id and m.name = first_told.meter
  cross join lateral congto.samples_of(
    a.agent_id, m.meter_id, congto.time_of(first_told.slot / first_told.every * first_told.every - 1000),
    congto.time_of(first_told.slot / first_told.every * first_told.every + 4 * (  -- Of the intervals that have such a slot.
      select max(w.every) from congto.layout_meter w where w.agent_id = a.agent_id and w.meter_id = m.meter_id
      and first_told.slot / first_told.every * first_told.every % w.every = 0))) s
  join congto.layout_meter l on l.agent_id = a.agent_id and l.layout_id = s.layout_id and l.meter_id = m.meter_id
  where a.site = first_told.site and s.slot / l.every * l.every = first_told.slot / first_told.every * first_told.every
  order by not s.read,
    (select e.first_heard from congto.epoch e where e.agent_id = a.agent_id and e.epoch_id = s.epoch_id), s.epoch_id, s.seq
  limit 1;
end;

-- What reading and reading_once have in common. first_told costs, and only where it is asked for.
create or replace view told_reading as
select s.agent, s.site, s.meter, s.ts, time_of(s.slot) as slot, v.point, v.value, p.unit, p.kind, v.quality,
  s.clock_error, hex_of(s.epoch) as epoch, s.seq,
  coalesce((select f.epoch_id = s.epoch_id and f.seq = s.seq from first_told(s.site, s.meter, s.slot, l.every) f), true)
    as first_told
from dated_sample s
left join layout_meter l on l.agent_id = s.agent_id and l.layout_id = s.layout_id and l.meter_id = s.meter_id
left join lateral newest_correction(s.agent_id, s.epoch_id, s.seq) c on true
cross join lateral (
  select u.point, u.value, coalesce(s.q ->> u.point, s.q ->> '*') as quality, s.q ? '*' as whole
  from unnest(s.points, s.values) u (point, value) where c.body is null
  union all
  select t.point, (c.body -> 'values' ->> t.point)::numeric, c.body -> 'q' ->> t.point, false
  from jsonb_object_keys(coalesce(c.body -> 'q', '{}') || (c.body -> 'values')) t (point)
  where c.body is not null and t.point <> '*'
) v
left join layout_point p on p.agent_id = s.agent_id and p.layout_id = s.layout_id and p.meter_id = s.meter_id
  and p.point = v.point
-- A poll that failed whole is told of the points of its layout.
where v.value is not null or v.quality is not null and (not v.whole or p.point is not null);
comment on view told_reading is 'The columns of reading, and whether the sample is the first that told its place and slot.';

create or replace view reading as
select agent, site, meter, ts, slot, point, value, unit, kind, quality, clock_error, epoch, seq from told_reading;
comment on view reading is
  'Every value that was read, and every one that could not be (quality says why, null is good); '
  'corrections and clock shifts are applied.';

create or replace view reading_once as
select agent, site, meter, ts, slot, point, value, unit, kind, quality, clock_error, epoch, seq
from told_reading where first_told;
comment on view reading_once is
  'reading, with one sample for each site, meter and slot: one with values, then of the epoch heard first, then of the lowest seq.';

-- A point that the newest layout no longer has, and one without a good value in the meter's last day, is not shown.
create or replace view latest as
select a.name as agent, a.site, m.name as meter, u.point, good_value(c.body, s.values, s.q, u.point, u.position) as value,
  p.unit, p.kind, s.ts, now() - s.ts as age, s.clock_error
from meter m
join agent a using (agent_id)
cross join lateral newest_sample(m.agent_id, m.meter_id, false) newest
join layout l on l.agent_id = m.agent_id and l.layout_id = newest.layout_id
cross join lateral unnest(m.points) with ordinality u (point, position)
left join layout_point p on p.agent_id = m.agent_id and p.layout_id = l.layout_id and p.meter_id = m.meter_id
  and p.point = u.point
cross join lateral newest_sample(m.agent_id, m.meter_id, true, u.point, u.position, newest.ts - interval '1 day') s
left join lateral newest_correction(m.agent_id, s.epoch_id, s.seq) c on true
where p.point is not null or l.body is null;
comment on view latest is
  'The newest good value of each point, out of the last day before the newest sample of its meter, and how old it is.';

create or replace view last_read as
select m.agent_id, m.meter_id, s.ts from meter m cross join lateral newest_sample(m.agent_id, m.meter_id, true) s;
comment on view last_read is 'When each meter was last read with at least one value.';

-- Who is silent.

create or replace view agent_health as
select a.agent_id, a.name as agent, a.site, a.enrolled_at, a.removed_at, a.removed_why, t.online, t.status_at,
  greatest(t.status_at, case when t.online then t.online_at end,
           (select max(e.last_heard) from epoch e where e.agent_id = a.agent_id)) as last_heard,
  (select max(r.ts) from last_read r where r.agent_id = a.agent_id) as last_reading,
  count_of(t.status -> 'unacknowledged') as unacknowledged,
  t.status ->> 'clock' as clock,
  case jsonb_typeof(t.status -> 'clock_known') when 'boolean' then (t.status -> 'clock_known')::boolean end as clock_known,
  t.status ->> 'version' as version,
  array(select jsonb_path_query(t.status, '$.alarms[*]') #>> '{}') as alarms,
  case when t.online is false then 'it is not connected to the broker'
       when t.status_at is null then 'it never told its status'
       when t.status_at < now() - interval '3 minutes' then 'no status since ' || date_trunc('second', t.status_at)
  end as silent
from agent a left join agent_status t using (agent_id);
comment on view agent_health is 'What each agent last said of itself, and why it counts as silent; null when it does not.';

create or replace view silent_agents as
select agent, site, silent as why, online, last_heard, last_reading, unacknowledged, clock, clock_known, alarms, version
from agent_health where removed_at is null and silent is not null;
comment on view silent_agents is 'Agents, not removed, that are not connected or whose last status is older than 3 minutes.';

create or replace view silent_meters as
with newest as (
  select distinct on (l.agent_id) l.agent_id, l.layout_id
  from layout l left join layout_span s using (agent_id, layout_id)
  where l.body is not null
  order by l.agent_id, s.first_slot desc nulls last, l.known_at desc
)
select h.agent, h.site, m.name as meter, l.every * interval '1 ms' as every, r.ts as last_reading, now() - r.ts as silent_for,
  coalesce(nullif(concat_ws('; ', case when h.silent is not null then 'the agent is silent' end, failed.why,
                            nullif(told.state, 'ok'), 'skipped: ' || passed.why), ''), 'nothing came') as why,
  told.state
from newest
join agent_health h on h.agent_id = newest.agent_id and h.removed_at is null
join layout_meter l on l.agent_id = newest.agent_id and l.layout_id = newest.layout_id
join meter m on m.agent_id = l.agent_id and m.meter_id = l.meter_id
left join lateral newest_sample(m.agent_id, m.meter_id, false) tried on true
left join last_read r on r.agent_id = m.agent_id and r.meter_id = m.meter_id
left join lateral (select string_agg(distinct q.why, ', ') as why from jsonb_each_text(tried.q) q (point, why)
                   where not has_values(tried.values)) failed on true
left join lateral (select k.why from skipped k where k.agent_id = m.agent_id and k.meter_id = m.meter_id
                     and k.from_slot > coalesce(tried.slot, 0) order by k.from_slot desc limit 1) passed on true
left join lateral (select t.meter ->> 'state' as state
                   from agent_status s, jsonb_path_query(s.status, '$.meters[*]') t (meter)
                   where s.agent_id = m.agent_id and t.meter ->> 'name' = m.name limit 1) told on true
where r.ts is null or r.ts < now() - greatest(3 * l.every * interval '1 ms', interval '1 minute');
comment on view silent_meters is
  'Meters of the newest layout without a value for more than 3 of their intervals (at least 60 s), and what is known of why.';

-- What is missing.

-- last_known: how far the epoch is known to have gone. held: what the agent says it still sends by itself.
create or replace view known_epoch as
select e.agent_id, e.epoch_id, e.epoch, e.settled, e.last_heard, e.asked_at, next.successors, next.successor, next.first_told,
  current.yes as is_current, held.seqs as held,
  case when e.closed_at is not null then 'closed: ' || coalesce(e.closed_why, 'no reason given') end as closed,
  case when next.successors > 0 then next.last
       else greatest(settled.last, upper(held.seqs) - 1,
                     case when hex_of(e.epoch) = t.status ->> 'epoch' then count_of(t.status -> 'last') end) end as last_known
from epoch e
left join agent_status t using (agent_id)
cross join lateral (select count(*) as successors, max(n.prev_last) as last, min(n.first_heard) as first_told,
                      string_agg(hex_of(n.epoch), ', ' order by n.first_heard, n.epoch_id) as successor
                    from epoch n where n.agent_id = e.agent_id and n.prev = e.epoch) next
cross join lateral (select max(upper(piece)) - 1 as last from unnest(e.settled) piece) settled
left join lateral (select int8range(count_of(b.of -> 1), greatest(count_of(b.of -> 1), count_of(b.of -> 2) + 1)) as seqs
                   from jsonb_path_query(t.status, '$.epochs[*]') b (of)
                   where b.of ->> 0 = hex_of(e.epoch) limit 1) held on true
-- One that was first heard after the newest status may be the current one: the next status will tell.
cross join lateral (
  select coalesce(hex_of(e.epoch) = t.status ->> 'epoch' or e.first_heard > t.status_at, true) as yes) current;
comment on view known_epoch is 'The epochs, with what is known of their successor and their end.';

create or replace view gaps as
with hole as (
  select k.agent_id, k.epoch, lower(piece) as first, upper(piece) - 1 as last,
    case when k.closed is null then 'hole' else 'closed' end as kind,
    coalesce(k.closed, case when piece <@ k.held then 'not come; the agent still holds it'
                            when k.asked_at is not null then 'not come; asked for again' else 'not come' end) as why,
    coalesce(k.first_told, k.last_heard) as since
  from known_epoch k
  cross join lateral unnest(int8multirange(int8range(1, greatest(k.last_known, 0) + 1)) - k.settled) piece
  where k.last_known is not null
), given_up as (
  -- What comes after its void replaces it; the record that tells the void may bear a seq of the void itself, and does not.
  select v.agent_id, e.epoch, lower(piece) as first, upper(piece) - 1 as last, 'void' as kind, v.why, v.told_at as since
  from void v
  join epoch e using (agent_id, epoch_id)
  cross join lateral (
    select range_agg(int8range(came.seq, came.seq + 1)) as seqs
    from (select s.seq from sample s where s.agent_id = v.agent_id and s.epoch_id = v.epoch_id
            and s.seq >= v.first and s.seq <= coalesce(v.last, 9223372036854775806)
          union all
          select t.seq from event t where t.agent_id = v.agent_id and t.epoch_id = v.epoch_id
            and t.seq >= v.first and t.seq <= coalesce(v.last, 9223372036854775806)
            and not (t.event = 'void' and t.body ->> 'why' = v.why and t.body -> 'void' ->> 'epoch' = hex_of(e.epoch)
                     and (t.body -> 'void' ->> 'first')::bigint = v.first
                     and (t.body -> 'void' ->> 'last')::bigint is not distinct from v.last)) came) came
  cross join lateral unnest(int8multirange(int8range(v.first, v.last + 1)) - coalesce(came.seqs, '{}')) piece
), broken as (
  select k.agent_id, k.epoch, k.last_known + 1 as first, null::bigint as last, 'open-ended' as kind,
    'no epoch follows it' as why, k.last_heard as since
  from known_epoch k
  where k.successors = 0 and not k.is_current and k.closed is null and not upper_inf(k.settled)
    and not exists (select from void v where v.agent_id = k.agent_id and v.epoch_id = k.epoch_id and v.last is null)
  union all
  select k.agent_id, k.epoch, null, null, 'cloned', 'followed by ' || k.successor, k.first_told
  from known_epoch k where k.successors > 1
  union all
  select e.agent_id, e.prev, 1, max(e.prev_last), 'unknown-previous',
    'never heard; followed by ' || string_agg(hex_of(e.epoch), ', ' order by e.first_heard, e.epoch_id), min(e.first_heard)
  from epoch e
  where e.prev is not null and not exists (select from epoch p where p.agent_id = e.agent_id and p.epoch = e.prev)
  group by e.agent_id, e.prev
)
select a.name as agent, hex_of(g.epoch) as epoch, g.first, g.last, g.last - g.first + 1 as count, g.kind, g.why, g.since
from (select * from hole union all select * from given_up union all select * from broken) g join agent a using (agent_id);
comment on view gaps is
  'Everything that is missing or will not come, one row each: hole, void, open-ended, cloned, unknown-previous; '
  'since when the centre could know it.';

-- Completeness.

create or replace view dated_skipped as
select k.agent_id, k.epoch_id, k.seq, k.meter_id, k.layout_id,
  k.from_slot + coalesce(h.shift_ms, 0) as from_slot, k.to_slot + coalesce(h.shift_ms, 0) as to_slot, k.count, k.why
from skipped k
left join shifted_seqs h on h.agent_id = k.agent_id and h.epoch_id = k.epoch_id and h.seqs @> k.seq;
comment on view dated_skipped is 'Skipped slots with the clock shifts that were told later.';

-- Where an epoch has clock shifts, its ends are looked up anew: once they are applied, time goes as seq does, but for the
-- order of the meters.
create or replace view dated_span as
with shifted as (select distinct agent_id, epoch_id from shifted_seqs)
select s.agent_id, s.epoch_id, s.layout_id, s.first_slot, s.last_slot
from layout_span s where not exists (select from shifted h where h.agent_id = s.agent_id and h.epoch_id = s.epoch_id)
union all
select s.agent_id, s.epoch_id, s.layout_id, ends.first_slot, ends.last_slot
from shifted h
join layout_span s on s.agent_id = h.agent_id and s.epoch_id = h.epoch_id
cross join lateral (
  select min(t.first + coalesce(p.shift_ms, 0)) as first_slot, max(t.last + coalesce(p.shift_ms, 0)) as last_slot
  from ((select t.seq, t.slot as first, t.slot as last from sample t
         where t.agent_id = s.agent_id and t.epoch_id = s.epoch_id and t.layout_id = s.layout_id order by t.seq limit 1000)
        union all
        (select t.seq, t.slot, t.slot from sample t
         where t.agent_id = s.agent_id and t.epoch_id = s.epoch_id and t.layout_id = s.layout_id order by t.seq desc limit 1000)
        union all
        (select k.seq, k.from_slot, k.to_slot from skipped k
         where k.agent_id = s.agent_id and k.epoch_id = s.epoch_id and k.layout_id = s.layout_id order by k.seq limit 1000)
        union all
        (select k.seq, k.from_slot, k.to_slot from skipped k
         where k.agent_id = s.agent_id and k.epoch_id = s.epoch_id and k.layout_id = s.layout_id order by k.seq desc limit 1000)) t
  left join shifted_seqs p on p.agent_id = s.agent_id and p.epoch_id = s.epoch_id and p.seqs @> t.seq) ends;
comment on view dated_span is 'From when to when each layout was in use in an epoch, with the clock shifts that were told later.';

-- In use until the next layout's first slot; the last one until its agent is removed. Neighbours that are equal are one.
create or replace view layout_spell as
with turn as (
  select s.agent_id, s.layout_id, s.first_slot, s.last_slot, s.epoch_id,
    s.layout_id is distinct from lag(s.layout_id) over past as begins, max(s.last_slot) over (partition by s.agent_id) as newest_slot
  from dated_span s
  window past as (partition by s.agent_id order by s.first_slot, s.last_slot, s.epoch_id, s.layout_id)
)
select t.agent_id, t.layout_id, t.first_slot as from_slot,
  coalesce(lead(t.first_slot) over (partition by t.agent_id order by t.first_slot, t.last_slot, t.epoch_id, t.layout_id),
           case when a.removed_at is null then 9000000000000000 else t.newest_slot + 1 end) as until_slot
from turn t join agent a using (agent_id)
where t.begins;
comment on view layout_spell is 'Which layout was in use when: from from_slot on, before until_slot (Unix ms).';

-- A serial line is listened to for 2 s before the first request (another master?), and a slot that passes meanwhile was never
-- promised: a start lasts 5 s. What is read in them counts as read.
create or replace view off_time as
select e.agent_id, least((extract(epoch from e.since) * 1000)::bigint, min(s.first_slot)) as from_slot,
  min(s.first_slot) + 5000 as until_slot
from epoch e join dated_span s using (agent_id, epoch_id)
group by e.agent_id, e.epoch_id, e.since;
comment on view off_time is
  'When an agent says it did not run: from the since of a start record on, until 5 s after the first slot of its epoch (Unix ms).';

create or replace function completeness_of(day_from date, day_to date, agent_name text default null)
returns table (day date, agent text, site text, meter text, expected bigint, read bigint, failed bigint, skipped bigint,
               off bigint, missing bigint, complete_percent numeric, read_percent numeric, why text)
language sql stable set jit = off set work_mem = '64MB'
begin atomic
with asked as materialized (  -- Slots younger than the grace are not expected yet.
  select (day_from - date '1970-01-01') * 86400000::bigint as from_ms,
    least((day_to + 1 - date '1970-01-01') * 86400000::bigint,
          (extract(epoch from now()) * 1000)::bigint - 120000 + 1) as until_ms
), wanted as materialized (
  select a.agent_id, a.name, a.site from congto.agent a where agent_name is null or a.name = agent_name
), spell as materialized (  -- The slots k * every with first <= k < past are expected.
  select s.agent_id, l.meter_id, l.every, congto.slot_from(greatest(s.from_slot, asked.from_ms), l.every) as first,
    congto.slot_from(least(s.until_slot, asked.until_ms), l.every) as past
  from wanted
  join congto.layout_spell s using (agent_id)
  join congto.layout_meter l on l.agent_id = s.agent_id and l.layout_id = s.layout_id
  cross join asked
  where congto.slot_from(greatest(s.from_slot, asked.from_ms), l.every)
        < congto.slot_from(least(s.until_slot, asked.until_ms), l.every)
), resting as materialized (
  select f.agent_id, f.from_slot, f.until_slot from wanted join congto.off_time f using (agent_id)
), told as (  -- Sets of k. Slots that are no multiples (estimated clocks) are floored.
  select p.agent_id, p.meter_id, p.every, p.first, p.past, coalesce(t.read, '{}') as read,
    coalesce(t.failed, '{}') as failed, coalesce(k.skipped, '{}') as skipped, coalesce(o.off, '{}') as off
  from spell p
  cross join lateral (
    select range_agg(int8range(s.slot / p.every, s.slot / p.every + 1)) filter (where s.read) as read,
      range_agg(int8range(s.slot / p.every, s.slot / p.every + 1)) filter (where not s.read) as failed
    -- ts only narrows: a poll ends long before an interval and an hour have passed since its slot.
    from congto.samples_of(p.agent_id, p.meter_id, congto.time_of(p.first * p.every - 3600000),
                           congto.time_of(p.past * p.every + p.every + 3600000)) s
    where s.slot >= p.first * p.every and s.slot < p.past * p.every
  ) t
  cross join lateral (
    select range_agg(int8range(s.from_slot / p.every, s.to_slot / p.every + 1)) as skipped
    from congto.dated_skipped s
    where s.agent_id = p.agent_id and s.meter_id = p.meter_id
      and s.from_slot < p.past * p.every and s.to_slot >= p.first * p.every
  ) k
  cross join lateral (
    select range_agg(int8range(congto.slot_from(f.from_slot, p.every), congto.slot_from(f.until_slot, p.every))) as off
    from resting f
    where f.agent_id = p.agent_id and f.from_slot < p.past * p.every and f.until_slot > p.first * p.every
  ) o
), split as (
  select d.day::date as day, t.agent_id, t.meter_id, e.slots, e.slots * t.read as read, e.slots * t.failed - t.read as failed,
    e.slots * t.skipped - t.read - t.failed as skipped, e.slots * t.off - t.read - t.failed - t.skipped as off
  from told t
  cross join generate_series(day_from::timestamp, day_to::timestamp, interval '1 day') d (day)
  cross join lateral (select (d.day::date - date '1970-01-01') * 86400000::bigint as ms) s
  cross join lateral (
    select int8multirange(int8range(t.first, t.past))
      * int8multirange(int8range(congto.slot_from(s.ms, t.every), congto.slot_from(s.ms + 86400000, t.every))) as slots) e
  where not isempty(e.slots)
), counted as (
  select s.day, s.agent_id, s.meter_id, sum(congto.slots_in(s.slots))::bigint as expected,
    sum(congto.slots_in(s.read))::bigint as read, sum(congto.slots_in(s.failed))::bigint as failed,
    sum(congto.slots_in(s.skipped))::bigint as skipped, sum(congto.slots_in(s.off))::bigint as off
  from split s group by s.day, s.agent_id, s.meter_id
), unknown as materialized (  -- Samples of a layout that has not come: their slots, and which meters there are, can't be said.
  select (s.ts at time zone 'UTC')::date as day, s.agent_id, s.meter_id, l.id
  from wanted
  join congto.layout l on l.agent_id = wanted.agent_id and l.body is null
  join congto.meter m on m.agent_id = l.agent_id
  cross join asked
  join congto.sample s on s.agent_id = m.agent_id and s.meter_id = m.meter_id and s.layout_id = l.layout_id
  where s.ts >= congto.time_of(asked.from_ms)
    and s.ts < congto.time_of(asked.from_ms + (day_to - day_from + 1) * 86400000::bigint)
  group by 1, 2, 3, 4
  union
  select d.day::date, s.agent_id, null, l.id
  from wanted
  join congto.layout l on l.agent_id = wanted.agent_id and l.body is null
  join congto.layout_spell s on s.agent_id = l.agent_id and s.layout_id = l.layout_id
  cross join asked
  cross join generate_series(day_from::timestamp, day_to::timestamp, interval '1 day') d (day)
  where least(s.until_slot, asked.until_ms) > (d.day::date - date '1970-01-01') * 86400000::bigint
    and s.from_slot < (d.day::date - date '1970-01-01' + 1) * 86400000::bigint
), doubtful as (
  select u.day, u.agent_id, 'the meaning of layout ' || string_agg(distinct u.id, ', ' order by u.id) || ' has not come' as why
  from unknown u group by u.day, u.agent_id
), known as (
  select c.day, c.agent_id, c.meter_id, c.expected, c.read, c.failed, c.skipped, c.off,
    c.expected - c.read - c.failed - c.skipped - c.off as missing
  from counted c
  union all
  select distinct u.day, u.agent_id, u.meter_id,
    null::bigint, null::bigint, null::bigint, null::bigint, null::bigint, null::bigint
  from unknown u
  where u.meter_id is not null and not exists (select from counted c
    where c.day = u.day and c.agent_id = u.agent_id and c.meter_id = u.meter_id)
)
select k.day, w.name, w.site, m.name, n.expected, k.read, k.failed, k.skipped, k.off, n.missing,
  -- Cut, not rounded: 100 is everything.
  trunc(100.0 * (n.expected - n.missing) / n.expected, 4), trunc(100.0 * k.read / n.expected, 4), d.why
from known k
join wanted w using (agent_id)
join congto.meter m on m.agent_id = k.agent_id and m.meter_id = k.meter_id
left join doubtful d on d.day = k.day and d.agent_id = k.agent_id
cross join lateral (select case when d.why is null then k.expected end as expected,
                           case when d.why is null then k.missing end as missing) n;
end;
comment on function completeness_of is
  'For each UTC day and meter: how many slots were expected, and which of them were read, failed, skipped, '
  'passed while the agent was off, or are missing.';

create or replace view completeness as
select * from completeness_of((now() at time zone 'UTC')::date - 7, (now() at time zone 'UTC')::date);
comment on view completeness is
  'completeness_of the last 8 days: slots expected, read, failed, skipped, off and missing; '
  'expected is null where it can''t be said, and why.';

-- Counters.

-- What was consumed in an hour is what the counter grew between the last good readings at or before its two ends, added
-- up reading by reading, so that a reset in between costs one step only. Nothing is interpolated: what a counter grew
-- while it was not read stands in the hour of the next reading, and from_ts says since when.
create or replace function counters_hourly_of(ts_from timestamptz, ts_to timestamptz, agent_name text default null,
                                              meter_name text default null, point_name text default null)
returns table (agent text, site text, meter text, point text, unit text, hour timestamptz, readings bigint,
               from_ts timestamptz, from_value numeric, first_ts timestamptz, first_value numeric, to_ts timestamptz,
               to_value numeric, consumed numeric, rollovers bigint, resets bigint, quality text)
language sql stable set jit = off set work_mem = '64MB'
begin atomic
with asked as materialized (  -- A reading on the hour is the end of the hour before.
  select date_trunc('hour', ts_from, 'UTC') + interval '1 microsecond' as first_ts,
    date_trunc('hour', ts_to - interval '1 microsecond', 'UTC') + interval '1 hour 1 microsecond' as past_ts
), series as materialized (  -- A point that changes its unit is another series.
  select row_number() over () as no, m.agent_id, m.meter_id, a.name as agent, a.site, m.name as meter, u.point, u."position", p.unit
  from congto.agent a
  join congto.meter m on m.agent_id = a.agent_id
  cross join lateral unnest(m.points) with ordinality u (point, "position")
  join (select distinct l.agent_id, l.meter_id, l.point, l.unit from congto.layout_point l where l.kind = 'counter') p
    on p.agent_id = m.agent_id and p.meter_id = m.meter_id and p.point = u.point
  where (agent_name is null or a.name = agent_name) and (meter_name is null or m.name = meter_name)
    and (point_name is null or u.point = point_name)
), meaning as materialized (
  select e.no, e.agent_id, e.meter_id, l.layout_id, e."position", e.point, l.rollover
  from series e
  join congto.layout_point l on l.agent_id = e.agent_id and l.meter_id = e.meter_id and l.point = e.point
    and l.kind = 'counter' and l.unit is not distinct from e.unit
), sampled as (
  select m.agent_id, m.meter_id, s.layout_id, s.seq, s.ts, s.q, s."values", s.clock_error, c.body as correction
  from (select distinct agent_id, meter_id from series) m
  cross join asked
  cross join lateral congto.samples_of(m.agent_id, m.meter_id, asked.first_ts, asked.past_ts) s
  left join lateral congto.newest_correction(m.agent_id, s.epoch_id, s.seq) c on true
  offset 0  -- a sample is looked up once, not once for each of its counters
), told as (
  select n.no, n.rollover, s.seq, s.ts, s.clock_error, congto.good_value(s.correction, s."values", s.q, n.point, n."position") as value
  from sampled s
  join meaning n on n.agent_id = s.agent_id and n.meter_id = s.meter_id and n.layout_id = s.layout_id
  union all
  select n.no, n.rollover, s.seq, s.ts, s.clock_error, congto.good_value(c.body, s."values", s.q, n.point, n."position")
  from series e
  cross join asked
  cross join lateral congto.newest_sample(e.agent_id, e.meter_id, true, e.point, e."position", before => asked.first_ts) s
  left join lateral congto.newest_correction(e.agent_id, s.epoch_id, s.seq) c on true
  join meaning n on n.no = e.no and n.layout_id = s.layout_id
), paired as (
  select t.no, t.rollover, t.ts, t.value, t.clock_error, lag(t.ts) over past as earlier_ts, lag(t.value) over past as earlier,
    lead(t.ts) over past as later_ts,
    date_bin('1 hour', t.ts - interval '1 microsecond', timestamptz '2000-01-01 00:00:00+00') as hour
  from told t
  where t.value is not null
  window past as (partition by t.no order by t.ts, t.seq)
), stepped as (  -- A counter that rolled over has passed its top; one that fell from the lower half was reset.
  select p.*, p.earlier_ts is null or p.earlier_ts <= p.hour as opens,
    p.later_ts is null or p.later_ts > p.hour + interval '1 hour' as closes, p.value < p.earlier as fell,
    p.value < p.earlier and p.value - p.earlier + p.rollover <= p.rollover / 2 as rolled
  from paired p cross join asked
  where p.ts >= asked.first_ts
), hourly as (
  select t.no, t.hour, count(*) as readings,
    max(t.earlier_ts) filter (where t.opens) as from_ts, max(t.earlier) filter (where t.opens) as from_value,
    min(t.ts) as first_ts, max(t.value) filter (where t.opens) as first_value,
    max(t.ts) as to_ts, max(t.value) filter (where t.closes) as to_value,
    sum(case when t.rolled then t.value - t.earlier + t.rollover when t.fell then 0 else t.value - t.earlier end) as consumed,
    count(*) filter (where t.rolled) as rollovers, count(*) filter (where t.fell and t.rolled is not true) as resets,
    bool_or(t.clock_error is not null) as estimated
  from stepped t group by t.no, t.hour
)
select e.agent, e.site, e.meter, e.point, e.unit, h.hour, h.readings, h.from_ts, h.from_value, h.first_ts, h.first_value,
  h.to_ts, h.to_value, trim_scale(h.consumed), h.rollovers, h.resets,
  nullif(concat_ws(', ', case when h.from_ts is null then 'no reading before' end, case when h.resets > 0 then 'reset' end,
                   case when h.estimated then 'estimated clock' end), '')
from hourly h join series e on e.no = h.no;
end;
comment on function counters_hourly_of is
  'For each counter and UTC hour: its values at the ends, when they were read, and what it grew; positive means '
  'consumption. A fall that is no rollover is a reset and counts nothing.';

create or replace view counters_hourly as
select * from counters_hourly_of(date_trunc('day', now(), 'UTC') - interval '1 day', now());
comment on view counters_hourly is
  'counters_hourly_of yesterday and today: what each counter grew in each UTC hour, between which readings.';

-- Doubles.

create or replace function doubles_of(slot_from timestamptz, slot_to timestamptz)
returns table (site text, meter text, slot timestamptz, agent text, epoch text, seq bigint, ts timestamptz,
               kept_agent text, kept_epoch text, kept_seq bigint, kept_ts timestamptz)
language sql stable set jit = off set work_mem = '64MB'
begin atomic
with place as materialized (
  select m.agent_id, m.meter_id, a.site, m.name, min(m.meter_id) over (partition by a.site, m.name) as place
  from congto.meter m join congto.agent a on a.agent_id = m.agent_id
), ranked as (  -- By the rule of first_told.
  select p.place, s.slot / l.every * l.every as slot, p.agent_id, s.epoch_id, s.seq, s.ts,
    row_number() over best as no, first_value(p.agent_id) over best as kept_agent_id,
    first_value(s.epoch_id) over best as kept_epoch_id, first_value(s.seq) over best as kept_seq, first_value(s.ts) over best as kept_ts
  from place p
  cross join lateral congto.samples_of(p.agent_id, p.meter_id, slot_from - interval '1 hour', slot_to + interval '1 hour') s
  join congto.layout_meter l on l.agent_id = p.agent_id and l.layout_id = s.layout_id and l.meter_id = p.meter_id
  join congto.epoch e on e.agent_id = p.agent_id and e.epoch_id = s.epoch_id
  where s.slot is not null
  window best as (partition by p.place, s.slot / l.every * l.every
                  order by not s.read, e.first_heard, s.epoch_id, s.seq)
)
select p.site, p.name, congto.time_of(r.slot), a.name, congto.hex_of(e.epoch), r.seq, r.ts,
  ka.name, congto.hex_of(ke.epoch), r.kept_seq, r.kept_ts
from ranked r
join place p on p.meter_id = r.place
join congto.agent a on a.agent_id = r.agent_id
join congto.epoch e on e.agent_id = r.agent_id and e.epoch_id = r.epoch_id
join congto.agent ka on ka.agent_id = r.kept_agent_id
join congto.epoch ke on ke.agent_id = r.kept_agent_id and ke.epoch_id = r.kept_epoch_id
where r.no > 1 and congto.time_of(r.slot) >= slot_from and congto.time_of(r.slot) < slot_to;
end;
comment on function doubles_of is
  'Samples of a site, meter and slot that another sample tells too, and the one that reading_once keeps instead.';

create or replace view doubles as
select * from doubles_of(date_trunc('day', now(), 'UTC') - interval '1 day', now() + interval '1 day');
comment on view doubles is
  'doubles_of yesterday and today: samples of a slot that another sample tells too, and the one that reading_once keeps.';

-- The whole.

create or replace view refused as
select d.agent, a.site, 'dead letter' as kind, d.reason, count(*) as different, sum(d.times)::bigint as times,
  min(d.first_at) as oldest_at, max(d.last_at) as newest_at,
  (array_agg(d.dead_letter_id::text order by d.last_at desc, d.dead_letter_id desc))[1] as newest_id
from dead_letter d left join agent a on a.name = d.agent
group by d.agent, a.site, d.reason
union all
select o.agent, a.site, 'not kept', o.reason, null, o.times, null, o.last_at, null
from dead_letter_overflow o left join agent a on a.name = o.agent
union all
select a.name, a.site, 'conflict', 'the same epoch and seq with another content', count(*), sum(c.times)::bigint,
  min(c.first_at), max(c.last_at),
  (array_agg(hex_of(e.epoch) || ' ' || c.seq order by c.last_at desc, c.epoch_id desc, c.seq desc))[1]
from conflict c
join agent a using (agent_id)
join epoch e using (agent_id, epoch_id)
group by a.name, a.site;
comment on view refused is
  'What could not be taken, by agent and reason; newest_id is a dead_letter_id, or the epoch and seq of a conflict.';

create or replace view agents as
with days as (
  select c.agent, c.day, case when bool_and(c.expected is not null)
    then trunc(100.0 * sum(c.expected - c.missing) / sum(c.expected), 4) end as complete_percent
  from completeness_of((now() at time zone 'UTC')::date - 1, (now() at time zone 'UTC')::date) c
  group by c.agent, c.day
), missing as (
  select g.agent, count(*) filter (where g.kind = 'hole') as holes, count(*) as gaps from gaps g group by g.agent
)
select h.agent, h.site, h.enrolled_at, h.removed_at, h.removed_why, h.online, h.silent, h.last_heard, h.last_reading,
  h.unacknowledged, h.clock, h.clock_known, h.version, coalesce(m.holes, 0) as holes, coalesce(m.gaps, 0) as gaps,
  today.complete_percent as complete_today, yesterday.complete_percent as complete_yesterday, cardinality(h.alarms) as alarms
from agent_health h
left join missing m using (agent)
left join days today on today.agent = h.agent and today.day = (now() at time zone 'UTC')::date
left join days yesterday on yesterday.agent = h.agent and yesterday.day = (now() at time zone 'UTC')::date - 1;
comment on view agents is 'One row for each agent: is it there, what did it last say, and how much is missing.';

grant select on all tables in schema congto to congto_central, congto_reader;
commit;
