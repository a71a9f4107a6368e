# Reference values for curves, comparisons, restricted means and competing closings on dates known to the day.
# Run in this folder: Rscript delay_exact.R      (survival 3.5-3, cmprsk 2.2-11)
# Reads channing.csv and aidssi.csv; writes delay_data.csv (the data used) and delay_exact.csv (id, group, day, name, value).
suppressPackageStartupMessages({library(survival); library(cmprsk)})
out <- list()
add <- function(id, group, day, name, value)
  out[[length(out) + 1]] <<- data.frame(id = id, group = group, day = day, name = name, value = value)

channing <- read.csv("channing.csv")
channing <- channing[channing$age > channing$ageentry, ]  # survival needs time at risk
aidssi <- read.csv("aidssi.csv")
aidssi$day <- as.integer(round(aidssi$time * 1000))
data <- rbind(
  data.frame(id = "aml", day = aml$time, closed = aml$status, entry = 0, group = as.character(aml$x), way = ""),
  data.frame(id = "lung", day = lung$time, closed = lung$status - 1, entry = 0, group = lung$sex, way = ""),
  data.frame(id = "veteran", day = veteran$time, closed = veteran$status, entry = 0, group = as.character(veteran$celltype), way = ""),
  # survival puts a subject at risk after its entry; here the first day at risk is named
  data.frame(id = "channing", day = channing$age, closed = channing$death, entry = channing$ageentry + 1,
             group = channing$gender, way = ""),
  data.frame(id = "aidssi", day = aidssi$day, closed = as.integer(aidssi$status > 0), entry = 0,
             group = ifelse(is.na(aidssi$ccr5), "missing", aidssi$ccr5), way = aidssi$cause))
write.csv(data, "delay_data.csv", row.names = FALSE)

for (id in c("aml", "lung", "veteran", "channing")) {
  one <- data[data$id == id, ]
  y <- if (id == "channing") Surv(one$entry - 1, one$day, one$closed) else Surv(one$day, one$closed)
  for (type in c("log-log", "log", "plain")) {
    fit <- summary(survfit(y ~ group, data = one, conf.type = type))
    for (column in c("lower", "upper"))
      add(id, sub("group=", "", fit$strata), fit$time, paste(type, column), fit[[column]])
  }
  add(id, sub("group=", "", fit$strata), fit$time, "still_open", fit$surv)
  add(id, sub("group=", "", fit$strata), fit$time, "std_error", fit$std.err)
  add(id, sub("group=", "", fit$strata), fit$time, "at_risk", fit$n.risk)
}
for (id in c("aml", "lung", "veteran")) {
  one <- data[data$id == id, ]
  for (rho in c(0, 1)) {
    test <- survdiff(Surv(day, closed) ~ group, data = one, rho = rho)
    add(id, "", NA, paste0("chisq rho=", rho), test$chisq)
    if (rho == 0) add(id, sub("group=", "", names(test$n)), NA, "expected", test$exp)
  }
  fit <- survfit(Surv(day, closed) ~ group, data = one, conf.type = "log-log")
  for (p in c(0.25, 0.5, 0.75)) {
    q <- quantile(fit, p)
    add(id, sub("group=", "", rownames(q$quantile)), NA, paste("quantile", p), q$quantile[, 1])
    add(id, sub("group=", "", rownames(q$quantile)), NA, paste("quantile lower", p), q$lower[, 1])
    add(id, sub("group=", "", rownames(q$quantile)), NA, paste("quantile upper", p), q$upper[, 1])
  }
  for (until in list(aml = c(20, 30), lung = c(100, 365), veteran = 100)[[id]]) {
    rows <- summary(fit, rmean = until)$table
    add(id, sub("group=", "", rownames(rows)), until, "rmean", rows[, "rmean"])
    add(id, sub("group=", "", rownames(rows)), until, "rmean se", rows[, "se(rmean)"])
  }
}
one <- data[data$id == "aidssi", ]
one$event <- factor(ifelse(one$closed == 1, one$way, "open"), levels = c("open", sort(unique(one$way[one$closed == 1]))))
fit <- survfit(Surv(day, event) ~ group, data = one, conf.type = "log-log")
for (number in seq_along(fit$states)[-1]) {
  rows <- fit$n.event[, number] > 0
  strata <- rep(sub("group=", "", names(fit$strata)), fit$strata)[rows]
  add("aidssi", strata, fit$time[rows], paste("share", fit$states[number]), fit$pstate[rows, number])
  add("aidssi", strata, fit$time[rows], paste("se", fit$states[number]), fit$std.err[rows, number])
}
gray <- cuminc(one$day, ifelse(one$closed == 1, one$way, "open"), one$group, cencode = "open")$Tests
add("aidssi", "", NA, paste("gray", rownames(gray)), gray[, "stat"])

# Late entry and competing ways together: a made-up release, in which cases are also split in two.
set.seed(20)
n <- 120
entry <- ifelse(runif(n) < 0.4, sample(1:60, n, TRUE), 0)
day <- entry + 1 + rpois(n, 40)
way <- sample(c("open", "mediated", "sustained"), n, TRUE)
late <- data.frame(id = "late", day = day, closed = as.integer(way != "open"), entry = entry, group = "all", way = way)
write.csv(late, "delay_late.csv", row.names = FALSE)
fit <- survfit(Surv(pmax(entry - 1, -1), day, factor(way, levels = c("open", "mediated", "sustained"))) ~ 1,
               id = seq_len(n), data = late)
for (number in 2:3) {
  rows <- fit$n.event[, number] > 0
  add("late", "all", fit$time[rows], paste("share", fit$states[number]), fit$pstate[rows, number])
  add("late", "all", fit$time[rows], paste("se", fit$states[number]), fit$std.err[rows, number])
}

# Closed cases only: each closed case could have shown a delay of at most `longest` days; time runs backwards.
set.seed(21)
n <- 300
start <- sample(0:399, n, TRUE)
took <- 1 + rpois(n, 30) + sample(0:200, n, TRUE)
kept <- start + took <= 400
closed <- data.frame(day = took[kept], longest = 400 - start[kept])
write.csv(closed, "delay_closed_only.csv", row.names = FALSE)
horizon <- 300
seen <- closed[closed$day <= horizon, ]
back <- survfit(Surv(horizon - pmin(seen$longest, horizon) - 0.5, horizon - seen$day, rep(1, nrow(seen))) ~ 1)
share <- summary(back)
add("closed_only", "", horizon - share$time, "closed before", share$surv)
add("closed_only", "", horizon - share$time, "closed before se", share$std.err)
write.csv(do.call(rbind, out), "delay_exact.csv", row.names = FALSE)
