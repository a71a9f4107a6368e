# Reference values for regressions of delays.
# Run in this folder: Rscript hazard.R      (survival 3.5-3, cmprsk 2.2-11)
# Reads aidssi.csv; writes hazard_data.csv (a made-up release), hazard_veteran.csv, hazard_lung.csv (the classic tables
# of R's survival package) and hazard.csv (model, term, day, name, value).
suppressPackageStartupMessages({library(survival); library(cmprsk)})
options(digits = 15)
out <- list()
add <- function(model, term, day, name, value)
  out[[length(out) + 1]] <<- data.frame(model = model, term = term, day = day, name = name, value = value)
exact <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100)

# ---- data: ties, late entry, strata, clusters, two ways of closing
set.seed(41)
n <- 400
release <- data.frame(
  unit = sample(c("bureau", "district", "oversight"), n, TRUE, c(.5, .3, .2)),
  accused = 1 + rpois(n, .6),
  years = round(rgamma(n, 4, .4), 1),
  office = sample(c("north", "south"), n, TRUE),
  officer = sample(sprintf("o%02d", 1:60), n, TRUE))
pull <- .5 * (release$unit == "district") - .7 * (release$unit == "oversight") - .2 * release$accused + .02 * release$years
release$day <- 1 + floor(rweibull(n, 1.2, 90) * exp(-pull))
release$day <- release$day - release$day %% 3 + 1         # heavy ties
watched <- sample(60:400, n, TRUE)
release$closed <- as.integer(release$day <= watched)
release$day <- pmin(release$day, watched)
release$entry <- ifelse(runif(n) < .35, pmin(sample(1:50, n, TRUE), release$day), 0)   # first day at risk
release$way <- ifelse(release$closed == 1, sample(c("decided", "withdrawn"), n, TRUE, c(.7, .3)), "open")
release$longest <- watched                                 # the longest delay the case could have shown
release <- release[, c("day", "closed", "entry", "longest", "way", "unit", "accused", "years", "office", "officer")]
write.csv(release, "hazard_data.csv", row.names = FALSE)
release$unit <- factor(release$unit, levels = c("bureau", "district", "oversight"))
release$before <- release$entry - 1                        # survival's at risk begins after this

lung <- na.omit(lung[, c("time", "status", "age", "sex", "ph.ecog")])
names(lung) <- c("day", "closed", "age", "sex", "ecog"); lung$closed <- lung$closed - 1
write.csv(lung, "hazard_lung.csv", row.names = FALSE)
names(veteran) <- c("trt", "celltype", "day", "closed", "karno", "diagtime", "age", "prior")
write.csv(veteran, "hazard_veteran.csv", row.names = FALSE)

# ---- Cox
cox <- function(model, fit) {
  terms <- names(coef(fit))
  add(model, terms, NA, "coefficient", coef(fit))
  add(model, terms, NA, "se", sqrt(diag(if (is.null(fit$naive.var)) fit$var else fit$naive.var)))
  if (!is.null(fit$naive.var)) add(model, terms, NA, "robust se", sqrt(diag(fit$var)))
  add(model, "", NA, c("null loglik", "loglik"), fit$loglik)
}
zph <- function(model, fit, transforms = c("km", "rank", "identity", "log")) for (one in transforms) {
  test <- cox.zph(fit, transform = one)$table
  add(model, rownames(test), NA, paste("zph", one), test[, "chisq"])
}
days <- c(30, 90, 150)
predicted <- function(model, fit, new, strata = NULL) {
  curve <- summary(survfit(fit, newdata = new, conf.type = "log-log"), times = days, extend = TRUE)
  value <- as.matrix(curve$surv); error <- as.matrix(curve$std.err)
  low <- as.matrix(curve$lower); high <- as.matrix(curve$upper)
  for (j in seq_len(ncol(value))) {
    add(model, paste0("row", j), curve$time, "open", value[, j])
    add(model, paste0("row", j), curve$time, "open se", error[, j])
    add(model, paste0("row", j), curve$time, "open low", low[, j])
    add(model, paste0("row", j), curve$time, "open high", high[, j])
  }
}
new <- data.frame(unit = factor(c("bureau", "oversight"), levels = levels(release$unit)), accused = c(1, 3), years = c(8, 12))
for (ties in c("efron", "breslow")) {
  plain <- coxph(Surv(before, day, closed) ~ unit + accused + years, release, ties = ties, control = exact)
  cox(paste0("release.", ties), plain); zph(paste0("release.", ties), plain)
  predicted(paste0("release.", ties), plain, new)
  cox(paste0("release.cluster.", ties),
      coxph(Surv(before, day, closed) ~ unit + accused + years, release, ties = ties, cluster = officer, control = exact))
  cox(paste0("release.robust.", ties),
      coxph(Surv(before, day, closed) ~ unit + accused + years, release, ties = ties, cluster = seq_len(n), control = exact))
  split <- coxph(Surv(before, day, closed) ~ unit + accused + years + strata(office), release, ties = ties,
                 cluster = officer, control = exact)
  cox(paste0("release.strata.", ties), split)
  zph(paste0("release.strata.", ties),
      coxph(Surv(before, day, closed) ~ unit + accused + years + strata(office), release, ties = ties, control = exact),
      c("km", "identity"))
  cox(paste0("release.way.", ties),
      coxph(Surv(before, day, way == "decided") ~ unit + accused, release, ties = ties, control = exact))
  cox(paste0("release.formula.", ties),
      coxph(Surv(before, day, closed) ~ unit * accused + log(years), release, ties = ties, control = exact))
  cox(paste0("lung.", ties), coxph(Surv(day, closed) ~ age + sex + ecog, lung, ties = ties, control = exact))
  cox(paste0("veteran.", ties),
      coxph(Surv(day, closed) ~ trt + celltype + karno + diagtime + age + prior, veteran, ties = ties, control = exact))
  zph(paste0("veteran.", ties),
      coxph(Surv(day, closed) ~ trt + celltype + karno + diagtime + age + prior, veteran, ties = ties, control = exact))
  cox(paste0("release.log_time.", ties),
      coxph(Surv(before, day, closed) ~ unit + accused + tt(accused), release, ties = ties, control = exact,
            tt = function(x, t, ...) x * log(t + 1)))
  cox(paste0("release.period.", ties), {
    halves <- survSplit(Surv(before, day, closed) ~ ., release, cut = c(30, 90), episode = "period")
    coxph(Surv(before, day, closed) ~ unit + accused:strata(period), halves, ties = ties, control = exact)
  })
}

# ---- Firth's penalty on a group without an event: survival's own likelihood and information, penalised and searched
rare <- release; rare$closed[rare$unit == "oversight"] <- 0
penalised <- function(beta, ties, data, fixed) {
  fit <- coxph(Surv(before, day, closed) ~ unit + accused, data, init = beta, ties = ties,
               control = coxph.control(iter.max = 0))
  fit$loglik[length(fit$loglik)] - .5 * log(det(fit$var))
}
for (ties in c("efron", "breslow")) {
  best <- c(0, -3, 0)
  for (i in 1:6) best <- optim(best, function(b) -penalised(b, ties, rare), method = "BFGS",
                               control = list(reltol = 1e-15, ndeps = rep(1e-4, 3), maxit = 500))$par
  for (i in 1:4) best <- optim(best, function(b) -penalised(b, ties, rare), method = "Nelder-Mead",
                               control = list(reltol = 1e-16, maxit = 5000))$par
  add(paste0("rare.firth.", ties), c("unitdistrict", "unitoversight", "accused"), NA, "coefficient", best)
  add(paste0("rare.firth.", ties), "", NA, "loglik", penalised(best, ties, rare))
}

# ---- Fine and Gray
aidssi <- read.csv("aidssi.csv"); aidssi <- aidssi[aidssi$ccr5 %in% c("WW", "WM"), ]
aidssi$day <- as.integer(round(aidssi$time * 1000))
# A case open on a day was open at its end, after the closings of that day: crr is told so by half a day.
fg <- crr(2 * aidssi$day + (aidssi$status == 0), aidssi$status, matrix((aidssi$ccr5 == "WM") * 1, dimnames = list(NULL, "ccr5=WM")), gtol = 1e-12)
add("aidssi.finegray", "ccr5=WM", NA, "coefficient", fg$coef); add("aidssi.finegray", "ccr5=WM", NA, "se", sqrt(diag(fg$var)))
add("aidssi.finegray", "", NA, "loglik", fg$loglik)
z <- model.matrix(~ unit + accused + years, release)[, -1]
fg <- crr(2 * release$day + (release$way == "open"), match(release$way, c("open", "decided", "withdrawn")) - 1, z, gtol = 1e-12)
add("release.finegray", colnames(z), NA, "coefficient", fg$coef); add("release.finegray", colnames(z), NA, "se", sqrt(diag(fg$var)))
add("release.finegray", "", NA, "loglik", fg$loglik)

# ---- parametric: exact, right-censored, interval-censored, clustered
tight <- survreg.control(rel.tolerance = 1e-13, maxiter = 200, outer.max = 50)
parametric <- function(model, fit) {
  v <- if (is.null(fit$naive.var)) fit$var else fit$naive.var
  add(model, c(names(coef(fit)), "log(scale)"), NA, "coefficient", c(coef(fit), log(fit$scale)))
  add(model, c(names(coef(fit)), "log(scale)"), NA, "se", sqrt(diag(v)))
  if (!is.null(fit$naive.var)) add(model, c(names(coef(fit)), "log(scale)"), NA, "robust se", sqrt(diag(fit$var)))
  add(model, "", NA, "loglik", fit$loglik[2])
}
set.seed(42)
release$low <- pmax(release$day - sample(0:30, n, TRUE), 0)   # months: closed on one of these days, both included
release$high <- ifelse(release$closed == 1, release$day + sample(0:30, n, TRUE), NA)
release$low[release$closed == 0] <- release$day[release$closed == 0]
write.csv(release[, c("low", "high", "closed", "unit", "accused", "years", "officer")], "hazard_intervals.csv", row.names = FALSE, na = "")
for (distribution in c("weibull", "lognormal", "loglogistic")) {
  parametric(paste0("release.point.", distribution),
             survreg(Surv(day, closed) ~ unit + accused + years, release, dist = distribution, control = tight))
  parametric(paste0("release.point.cluster.", distribution),
             survreg(Surv(day, closed) ~ unit + accused + years, release, dist = distribution, control = tight,
                     cluster = officer, robust = TRUE))
  # Closed on day d of its age: after d days and by d + 1; open on day d: after d + 1 days.
  left <- ifelse(release$closed == 1, release$low, release$low + 1); left[left == 0] <- NA
  parametric(paste0("release.interval.", distribution),
             survreg(Surv(left, release$high + 1, type = "interval2") ~ unit + accused + years, release,
                     dist = distribution, control = tight))
  parametric(paste0("veteran.", distribution),
             survreg(Surv(day, closed) ~ trt + celltype + karno, veteran, dist = distribution, control = tight))
}

# ---- discrete time: every case and month it was at risk, complementary log-log
width <- 30
long <- do.call(rbind, lapply(seq_len(n), function(i) with(release[i, ], {
  whole <- floor((longest + 1) / width) - 1                # the last month of age that was watched to its end
  done <- closed == 1 && floor(day / width) <= whole
  to <- if (done) floor(day / width) else whole
  from <- ceiling(entry / width)
  if (from > to) return(NULL)
  data.frame(month = from:to, y = as.integer(done & from:to == to), unit = unit, accused = accused, officer = officer)
})))
some <- long[long$month %in% unique(long$month[long$y == 1]), ]
fit <- glm(y ~ 0 + factor(month) + unit + accused, binomial("cloglog"), some, control = glm.control(epsilon = 1e-14, maxit = 100))
terms <- c("unitdistrict", "unitoversight", "accused")
add("release.discrete", terms, NA, "coefficient", coef(fit)[terms])
add("release.discrete", terms, NA, "se", sqrt(diag(vcov(fit)))[terms])
add("release.discrete", "", NA, "loglik", as.numeric(logLik(fit)))
add("release.discrete", "", NA, "rows", nrow(some))
write.csv(do.call(rbind, out), "hazard.csv", row.names = FALSE)
