-- Revenue and profit of this run by region. Grain: one row a region, item type and year of order.
--
-- ${sales} is this run's rows. region_dim is as published: its newest load holds all regions, so the
-- older ones are left out. A region that the dimension does not know is kept, with no continent.
SELECT
    s.region,
    d.continent,
    d.sales_zone,
    s.item_type,
    year(s.order_date)                      AS order_year,
    count(*)                                AS orders,
    sum(s.units_sold)                       AS units_sold,
    CAST(sum(s.total_revenue) AS decimal(28,2)) AS total_revenue,
    CAST(sum(s.total_cost) AS decimal(28,2))    AS total_cost,
    CAST(sum(s.total_profit) AS decimal(28,2))  AS total_profit
FROM ${sales} s
LEFT JOIN (
    SELECT region, continent, sales_zone
    FROM (
        SELECT region, continent, sales_zone, rank() OVER (ORDER BY load_date DESC) AS age
        FROM region_dim
    ) loads
    WHERE age = 1
) d ON d.region = s.region
GROUP BY s.region, d.continent, d.sales_zone, s.item_type, year(s.order_date)
