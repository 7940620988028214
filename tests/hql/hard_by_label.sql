-- by label; ${nothing} in a comment is fine
WITH totals AS (
  SELECT label, count(*) AS orders, sum(amount) AS amount FROM ${hard} h GROUP BY label
)
SELECT t.label, d.name AS `from`, t.orders, t.amount, ${date} AS `to`, ';--x' AS odd
FROM totals t LEFT JOIN label_dim d ON d.label = t.label;
